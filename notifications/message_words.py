"""The words of every message: for whoever is addressed, copied, a delegate, or alarmed because nobody else is there.

Each says what happened, what it means and what to do. Nobody who is only told reads that something is asked of them.
"""

from dataclasses import dataclass

from workflows.decision.decision_builder import NotificationKind


@dataclass(frozen=True)
class MessageWords:
    """A message's subject line (a constant; the reference is added) and its three sentences."""

    subject: str
    happened: str
    means: str = ""
    do: str = ""
    told: tuple[str, str] = ("", "")
    """The subject line and first sentence for whoever is told without being addressed; empty: as for those who are."""


WORDS: dict[NotificationKind, MessageWords] = {
    NotificationKind.ASKED: MessageWords(
        "A reply is asked of you",
        "The {iro} asks for your reply to a {challenge}.",
        "Those copied are told for information; the reply is asked of those this message is addressed to.",
        "{by_when}",
        told=("A reply is asked of others", "The {iro} asks for a reply to a {challenge}."),
    ),
    NotificationKind.OBSERVED: MessageWords(
        "For your information", "A {challenge} has reached this stage.", "Nothing is asked of you."
    ),
    NotificationKind.TO_SEND: MessageWords(
        "Sent in your name",
        "A {challenge} has reached the stage that goes out in your name.",
        "Those asked have been told.",
        "You can take it higher from its page.",
        told=("Sent on", "A {challenge} has reached a stage that goes out in another's name."),
    ),
    NotificationKind.TO_ENDORSE: MessageWords(
        "Waiting for you to endorse",
        "A {challenge} waits for your endorsement before it is sent on.",
        "Until then nobody outside has been told.",
        "Endorse it, or say why not. {by_when}",
        told=("It waits to be endorsed", "A {challenge} waits to be endorsed before it is sent on."),
    ),
    NotificationKind.REMINDER: MessageWords(
        "A reminder: no reply yet",
        "A reply to a {challenge} was asked of you and there is no reply yet.",
        "The date has not passed.",
        "{by_when}",
        told=("A reminder to those asked: no reply yet", "A reply to a {challenge} was asked and there is no reply yet."),
    ),
    NotificationKind.WILL_CLIMB: MessageWords(
        "No reply yet: it goes up on the next working day",
        "There is no reply yet, and the date passes at the end of today's working day or soon after.",
        "On the next working morning it goes to the next stage by itself.",
        "If you want to consider first, hold it.",
    ),
    NotificationKind.CLIMBED: MessageWords(
        "It has gone to the next stage",
        "The date passed with no reply, and it is now with the next stage.",
        "If a late reply comes you can recall it.",
        "Nothing is needed from you now.",
    ),
    NotificationKind.WHAT_NEXT: MessageWords(
        "For you to consider",
        "It is yours to consider what comes next.",
        "It stays where it is until you decide.",
        "Take it higher, wait longer, refer to {cafcass}, or end it. {by_when}",
        told=("What comes next is being considered", "Whoever raised it considers what comes next."),
    ),
    NotificationKind.WHAT_NEXT_AGAIN: MessageWords(
        "Still for you to consider",
        "It is still yours to consider what comes next.",
        "Tomorrow the manager of the {iro_service} is told too.",
        "{by_when}",
        told=("What comes next is still being considered", "Whoever raised it still has to consider what comes next."),
    ),
    NotificationKind.STILL_WAITING: MessageWords(
        "A decision is past its date",
        "A decision on what comes next is past its date.",
        "The child is still waiting.",
        "Speak with the {iro}, or arrange cover.",
    ),
    NotificationKind.PASSED: MessageWords(
        "The date has passed",
        "The date for a reply has passed with no reply.",
        "The procedure asks nothing further by itself at this stage.",
        "You can wait, or take it higher.",
    ),
    NotificationKind.ANSWERED: MessageWords("Answered", "There is a reply.", "", "Read it on its page."),
    NotificationKind.TO_JUDGE: MessageWords(
        "There is a reply for you to judge",
        "There is a reply.",
        "An answer is not yet accepted.",
        "Say whether it is enough or needs more. {by_when}",
        told=("There is a reply", "There is a reply, which is being judged."),
    ),
    NotificationKind.PART_ANSWERED: MessageWords(
        "One reply of several",
        "One of those asked has replied.",
        "The window runs on for what is still asked.",
        "Read it on its page.",
    ),
    NotificationKind.LATE_ANSWER: MessageWords(
        "A late reply",
        "A reply came after its date.",
        "It is kept with the stage at which it was asked.",
        "If it went up by itself you can recall it.",
    ),
    NotificationKind.NOT_FOR_ME: MessageWords(
        "It may belong to somebody else",
        "One of those asked says that it should go to somebody else.",
        "The window runs on.",
        "Redirect it, or answer them.",
    ),
    NotificationKind.REDIRECTED: MessageWords(
        "A reply is asked of you",
        "A {challenge} has been redirected to you.",
        "The date is the one first promised.",
        "{by_when}",
        told=("A reply is asked of somebody else now", "A {challenge} has been redirected."),
    ),
    NotificationKind.QUESTION: MessageWords(
        "A question before a reply", "One of those asked has a question.", "The window runs on.", "Answer it on its page."
    ),
    NotificationKind.CLARIFIED: MessageWords(
        "Your question is answered",
        "The {iro} has answered a question.",
        "The date stays as it was.",
        "Give your reply on its page.",
        told=("A question is answered", "The {iro} has answered a question of somebody asked."),
    ),
    NotificationKind.TO_ARRANGE: MessageWords(
        "A meeting to arrange",
        "At this stage the answer is a meeting, which is yours to arrange.",
        "The date for its outcome does not move.",
        "Book it, and record when it is. {by_when}",
        told=("A meeting is to be arranged", "At this stage the answer is a meeting, which somebody else arranges."),
    ),
    NotificationKind.MEETING: MessageWords(
        "A meeting is arranged", "A meeting is arranged.", "", "The time and the place are on its page."
    ),
    NotificationKind.MEETING_MOVED: MessageWords(
        "A meeting has moved",
        "A meeting has moved to another time.",
        "The due date has not moved.",
        "The new time and the place are on its page.",
    ),
    NotificationKind.MEETING_OFF: MessageWords(
        "A meeting does not take place",
        "A meeting that was in your diary does not take place.",
        "The file with this message takes it out of the diary; the due date has not moved.",
        "Take it out if your diary does not do so by itself.",
        told=("A meeting does not take place", "A meeting that was booked does not take place."),
    ),
    NotificationKind.OUTCOME_WANTED: MessageWords(
        "Record what the meeting agreed",
        "The meeting has been held.",
        "Its outcome is what meets the date.",
        "Record the outcome. {by_when}",
        told=("A meeting's outcome is awaited", "The meeting has been held; its outcome is to be recorded."),
    ),
    NotificationKind.EXTENDED: MessageWords("There is another date", "The {iro} has given another date.", "", "{by_when}"),
    NotificationKind.EXTENSION_TAKEN_BACK: MessageWords(
        "The earlier date holds again",
        "The {iro} had given another date by mistake, and has taken it back.",
        "What was promised before holds again.",
        "{by_when}",
    ),
    NotificationKind.AGREED: MessageWords(
        "Agreed: now to be put right",
        "The {iro} accepts the answer; what was agreed is now to be done.",
        "It stays open until it is done.",
        "{by_when}",
    ),
    NotificationKind.COPIED: MessageWords(
        "Copied to you for information",
        "You have been copied into a {challenge}.",
        "Nothing is asked of you.",
        told=("Copied for information", "Somebody has been copied into a {challenge}."),
    ),
    NotificationKind.RECALLED: MessageWords(
        "Taken back",
        "It went up by itself, and the {iro} has taken it back to the stage before.",
        "Nothing is asked of you for now.",
    ),
    NotificationKind.ABOUT_CAFCASS: MessageWords(
        "For you to consider: a referral to {cafcass}",
        "The ladder has reached its top, and whether to refer to {cafcass} is yours to decide.",
        "Nobody else can make, delay or prevent a referral, and none is made by itself.",
        "Refer, or record why not. {by_when}",
        told=(
            "A referral to {cafcass} is considered",
            "The ladder has reached its top, and the child's {iro} considers a referral to {cafcass}.",
        ),
    ),
    NotificationKind.TELL_OF_REFERRAL: MessageWords(
        "A referral to {cafcass} has been made",
        "The child's {iro} has referred to {cafcass}.",
        "The ladder runs on.",
        "It is your task to tell those who took part.",
    ),
    NotificationKind.ENDED: MessageWords(
        "It has ended",
        "It has ended, and nothing more is asked of you.",
        "Actions agreed are still followed.",
        told=("It has ended", "It has ended; what was agreed is still followed."),
    ),
    NotificationKind.REOPENED: MessageWords(
        "Opened again", "It has been opened again.", "", "Its page shows the stage and the date."
    ),
    NotificationKind.ACTION_DUE: MessageWords(
        "An agreed action is due", "An agreed action is due.", "", "Check whether it was done. {by_when}"
    ),
    NotificationKind.FOLLOW_UP_DUE: MessageWords(
        "Time to look again",
        "You asked to look again at what changed for the child.",
        "",
        "Record what you found.",
        told=("Time to look again", "It is time to look again at what changed for the child."),
    ),
    NotificationKind.WHOLE_PROCESS: MessageWords(
        "The whole process has passed its limit",
        "The whole process has passed the limit that the procedure sets.",
        "This moves nothing by itself.",
        "Consider going higher, or a referral.",
    ),
    NotificationKind.CONFLICT_NOTED: MessageWords(
        "A referral was made by somebody it concerns",
        "A referral to {cafcass} was made by somebody whom the item was put to, or whose casework it concerns.",
        "That is on the record for the {iro_service}, and the referral stands.",
        "Look whether somebody else should carry it on.",
    ),
    NotificationKind.ENDED_BY_ANOTHER: MessageWords(
        "What you raised was ended by somebody else",
        "Somebody else has ended, withdrawn or sealed what you raised.",
        "Its page says who did, and why.",
        "The child's {iro} can open it again at any time, with nobody's leave.",
        told=("Ended by another hand", "An item was ended by somebody else than whoever raised it."),
    ),
    NotificationKind.RAISED_BY_ANOTHER: MessageWords(
        "Somebody else raised something about a child of yours",
        "A {challenge} about a child whose {iro} you are was raised by somebody else.",
        "It is theirs to carry on. It takes nothing from you: you may raise your own, and refer to {cafcass}, at any time.",
        "Look at it, and raise your own if you see it differently.",
        told=("Raised by another", "A {challenge} was raised by somebody else than the child's {iro}."),
    ),
    NotificationKind.REVIEW_DAY: MessageWords(
        "A review was asked for, or adjourned",
        "The {iro} asked for a child's review before its day, or adjourned one.",
        "No date of the {challenge} moves by it.",
        "Read on its page which, to which day, and why.",
    ),
    NotificationKind.LET_READ: MessageWords(
        "You may read something kept to few",
        "The child's {iro} lets you read what is kept to them on a {challenge}.",
        "Nobody else on it reads that, nor that you do. Nothing is asked of you.",
        "Read it on its page, and keep it to yourself.",
    ),
    NotificationKind.DELIVERY_FAILED: MessageWords(
        "A message could not be delivered",
        "A message to somebody asked came back, or does not leave.",
        "That is not counted as no reply. Unless they are reached before its date, it closes as not reached.",
        "Reach them another way and say so on its page, or have the directory corrected.",
    ),
    NotificationKind.ASK_NOT_REACHED: MessageWords(
        "The date has passed: not everybody asked was reached",
        "The date passed, and what was asked had not reached everybody who owes an answer.",
        "That is not counted as no reply. Its page says what came of it, and where it stands now.",
        "Reach them another way, or decide what comes next.",
    ),
    NotificationKind.WILL_CLIMB_UNREACHED: MessageWords(
        "Not reached: it goes up on the next working day",
        "What is asked has not reached everybody who owes an answer, and the date is about to pass.",
        "On the next working morning it goes to the next stage, as not reached.",
        "Tell them another way and say so on its page, or hold it.",
    ),
    NotificationKind.TOLD_OTHERWISE: MessageWords(
        "On the record: you were told",
        "The {iro_service} has put on the record that you were told of this in another way.",
        "The date stays as it was.",
        "Reply on its page; say there if you first heard of it on another day. {by_when}",
        told=("On the record: told in another way", "It is on the record that somebody asked was told in another way."),
    ),
    NotificationKind.POST_TAKEN_OVER: MessageWords(
        "A reply is now yours to give",
        "You hold a post of which a reply was asked before you came.",
        "The date stays as it was.",
        "{by_when}",
        told=("A reply is now another's to give", "A post of which a reply is asked has passed to somebody else."),
    ),
    NotificationKind.POST_EMPTY: MessageWords(
        "Nobody is there for a post that is asked",
        "A reply is asked of a post that nobody holds, or whose holder is away with nobody there to cover.",
        "You are told because nobody else could be; the window runs on.",
        "Name a holder or cover in the directory.",
    ),
    NotificationKind.IRO_CHANGED: MessageWords(
        "It is now with you",
        "You are the {iro}, or cover, for the child that this concerns.",
        "Every date stays as it was.",
        "Look at what is open.",
        told=("It is with another {iro} now", "Another {iro}, or whoever covers, has it now."),
    ),
    NotificationKind.FACTS_CHANGED: MessageWords(
        "The directory has changed",
        "What the directory says of the child has changed.",
        "The ladder has not changed.",
        "Look whether it still fits.",
    ),
    NotificationKind.HELD: MessageWords(
        "Windows are held for you to release",
        "The service was away, and dates passed meanwhile.",
        "Nobody is passed over: nothing moves until you decide.",
        "Release them as due, or with the lost time given back.",
        told=("Windows are held", "The service was away, and dates passed meanwhile."),
    ),
    NotificationKind.NOTICE: MessageWords(
        "A notice of {excellent_practice}",
        "You are named in a notice of {excellent_practice}.",
        "It asks for no reply.",
        "Read what was said.",
        told=("A notice of {excellent_practice}", "Somebody is named in a notice of {excellent_practice}."),
    ),
    NotificationKind.THANKED: MessageWords(
        "You are thanked for your work",
        "Somebody who read a notice of {excellent_practice} that names you thanks you.",
        "It asks for no reply.",
        "Read who thanks you, and what they wrote, on its page.",
        told=("Thanks for {excellent_practice}", "Somebody thanks whoever a notice of {excellent_practice} names."),
    ),
    NotificationKind.QUOTE_OFFERED: MessageWords(
        "May reports quote this?",
        "Whoever raised a notice of {excellent_practice} that names you has written words that reports may quote.",
        "Without your agreement nothing is quoted. You are asked once, there is no date, and you may take your word back later.",
        "Read the words on its page, and say there whether you agree.",
        told=(
            "Words for reports are offered",
            "Whoever a notice of {excellent_practice} names is asked about being quoted.",
        ),
    ),
    NotificationKind.QUOTE_ANSWERED: MessageWords(
        "An answer about being quoted",
        "Somebody whom your notice of {excellent_practice} names has said whether reports may quote your words.",
        "Reports quote them only while everybody whom it names agrees.",
        "Read the answer on its page.",
        told=("An answer about being quoted", "Somebody whom a notice names has said whether reports may quote it."),
    ),
    NotificationKind.SCRUTINY: MessageWords(
        "{senior_scrutiny} on the record",
        "{senior_scrutiny} of a child's arrangement has been put on the record, and you are named in it.",
        "It is not a {challenge}, and no reply is asked.",
        "Read what was looked at and what was found.",
        told=("{senior_scrutiny} on the record", "{senior_scrutiny} of a child's arrangement has been put on the record."),
    ),
    NotificationKind.OVERDUE_TWICE: MessageWords(
        "Past its date a second time: does somebody senior need to hear of it?",
        "A review decision has passed a second date, and nobody has said that it is done.",
        "What a review decided and is not carried out has to reach officers who are senior enough (Care Planning Regulations "
        "2010, regulations 36 and 37).",
        "Make it a {challenge}; or say why it waits, with another date or an end. {by_when}",
        told=("A review decision is past its date a second time", "A review decision has passed a second date."),
    ),
    NotificationKind.UPDATE_LATE: MessageWords(
        "An update is still awaited",
        "An update on a child whose case is tracked was asked of you, and its date has passed.",
        "It is asked for again until it is given.",
        "Give the update on its page. {by_when}",
        told=("An update is past its date", "An update on a child whose case is tracked has not come yet."),
    ),
    NotificationKind.TRACKED_DUE: MessageWords(
        "Tracked: something is yours to do",
        "What you chose for a child whose case is tracked has come to its date.",
        "You are reminded until it is done, or the tracking is agreed anew.",
        "Look at the file or have the review held, and say so on its page. {by_when}",
        told=("Tracked: something is past its date", "What was chosen for a tracked case has not been done yet."),
    ),
    NotificationKind.MID_POINT: MessageWords(
        "Half-way between two reviews",
        "It is half-way between two reviews of a child whose {iro} you are.",
        "This is your own look between reviews, and no statutory visit.",
        "Look through what was decided, be in contact with the child, and say so on its page. {by_when}",
        told=("A mid-point between reviews is past its date", "What is to be done half-way between two reviews is still open."),
    ),
    NotificationKind.LADDER_MOVED: MessageWords(
        "Moved to another version of the procedure",
        "It now stands under another version of the procedure.",
        "Every date promised stays as it was.",
    ),
}

NO_LONGER_ASKED = MessageWords(
    "What was asked is no longer open",
    "A {challenge} asked something of you, or was copied to you, and the message could not leave then.",
    "It is no longer open: it was answered meanwhile, or its date has passed.",
    "See on its page how it stands now.",
)
"""Instead of a question that could not be put in its time: what is so now."""
