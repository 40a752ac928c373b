# ruff: noqa: E501
"""Four good files, and what can be wrong with them: name, file, what is replaced by what, and the fault to expect."""

AUTHORITY = """\
authority: moorland
name: Moorland Council (invented)
version: "1"
in_force: 2025-01-01
source: Invented for the tests
roles:
  iro: {title: IRO, for: child, acts_as: iro}
  social_worker: {title: Social Worker, for: child}
  team_manager: {title: Team Manager, for: team}
  head_of_service: {title: Head of Service, for: authority}
  director: {title: Director, for: authority}
  iro_manager: {title: IRO Manager, for: authority, acts_as: iro_manager}
themes:
  plan:
    label: The plan
    reasons:
      drift: Drift
      other: {label: Other, needs_words: true}
facts:
  far_away: Placed far away
ladders:
  - {ladder: challenge}
  - {ladder: partners, if: priority is high}
  - ladder: good_work
labels:
  cafcass: CAFCASS
closure_days:
  - {day: 2026-12-29, why: Closed}
sending_hours: {from: "08:00", until: "18:00"}
day: {acts_at: "09:00"}
assumed:
  roles.iro_manager: Ours.
"""

LADDER = """\
ladder: challenge
version: "2025/26"
authority: moorland
process: Challenge
source: Invented for the tests
in_force: 2025-01-01
until: 2026-12-31
items: [informal, formal]
raised_by: [iro]
covers: [looked_after]
priorities: [high, low]
whole_process: {limit: 20 working days, from: first formal stage}
judge_within: 3 working days
before_skipping: {talk_to: iro_manager}
enter_at:
  - {if: far away, stage: step_2}
repeat:
  - {same: reason, of: informal, go_to: step_1}
must_raise:
  - {at: third review, reason: drift}
stages:
  talk:
    label: Talk
    informal: true
    to: social_worker
    respond_within: 1 working day
    no_reply: prompt
  step_1:
    label: Step 1
    to: {any of: [team_manager, head_of_service]}
    copy:
      - social_worker
      - {director: if in proceedings}
    observers: [iro_manager]
    contact:
      by: [form, email]
      meeting: {called: Panel, if: required}
    respond_within: {high: 2 working days, low: 5 working days}
    counted_from: receipt
    no_reply: escalate
    judged_by: {any of: [raiser, iro_manager]}
    obstacle: judged
    stand_in: {team_manager: head_of_service}
    reasons: [drift]
  step_2:
    label: Step 2
    to: director
    respond_within: 10 days
    no_reply: prompt
  cafcass:
    label: Cafcass
    referral: cafcass
    tell: {who: everyone above, by: iro_manager}
assumed:
  stages.step_2.respond_within: The source does not say which days.
"""

PARTNERS = """\
ladder: partners
version: "1"
authority: moorland
process: Partners
source: Invented for the tests
in_force: 2025-01-01
items: [partner_agency]
raised_by: [iro]
judge_within: 3 working days
stages:
  lead:
    label: Lead
    to: {chosen by: raiser, from: [director]}
    endorsed_by: {role: head_of_service, within: 2 working days}
    respond_within: {set by the raiser: at most 20 working days}
    no_reply: nothing
"""

NOTICE = """\
notice: good_work
version: "1"
authority: moorland
process: Good work
source: Invented for the tests
in_force: 2025-01-01
raised_by: [iro]
to: social_worker
copy: [team_manager]
"""

GOOD = {"authority.yaml": AUTHORITY, "challenge.yaml": LADDER, "partners.yaml": PARTNERS, "notice.yaml": NOTICE}
A, L, P, N = GOOD

BAD = [
    # Form: what YAML allows and a ladder does not.
    ("a key twice", L, "    label: Step 2\n", "    label: Step 2\n    label: Step two\n", "    label: Step two", "second time", "keep one"),
    ("a top key twice", A, "name: Moorland", "name: Other\nname: Moorland", "name: Moorland", "`name` stands here a second", "keep one"),
    ("a stage twice", L, "  step_2:\n", "  step_1:\n", "  step_1:\n    label: Step 2", "`step_1` stands here a second", "keep one"),
    ("an alias", L, "to: director", "to: *boss", "to: *boss", "*boss is an alias", "write the value out"),
    ("an anchor", L, "to: director", "to: &boss director", "to: &boss", "&boss is an anchor", "remove it"),
    ("an anchor on a key", L, "  step_2:", "  &two step_2:", "  &two", "&two is an anchor", "remove it"),
    ("a python tag", L, "to: director", "to: !!python/object:os.system director", "to: !!python", "a tag", "plain value"),
    ("a python call", L, "to: director", "to: !!python/object/apply:os.system [x]", "to: !!python", "a tag", "plain value"),
    ("a tag of our own", L, "to: director", "to: !role director", "to: !role", "a tag", "plain value"),
    ("a tag on text", L, "label: Step 2", "label: !!str Step 2", "label: !!str", "a tag", "plain value"),
    ("a tag on a mapping", L, "stages:\n", "stages: !!map\n", "stages: !!map", "a tag", "plain value"),
    ("a tag on a key", L, "label: Step 2", "!!str label: Step 2", "!!str label", "a key here is not plain text", "write a word"),
    ("a merge", L, "    to: director", "    <<: *other\n    to: director", "    <<:", "*other is an alias", "write the value out"),
    ("a merge written out", L, "    to: director", "    <<: {to: director}\n    to: director", "    <<:", "`<<` is not a key", "the keys here"),
    ("a list as a key", L, "    to: director", "    [a, b]: director", "    [a, b]", "a key here is not plain text", "write a word"),
    ("a question mark", L, "    to: director", "    ? to\n    : director\n    ? copy", "    ? copy", "nothing stands here", "write a value"),
    ("two documents", L, "stages:\n", "---\nstages:\n", "---", "a second document", "remove the ---"),
    ("a tag directive", L, "ladder: challenge", "%TAG ! tag:x,2000:\n---\nladder: challenge", "---", "tag directive", "remove it"),
    ("a byte-order mark", L, "ladder: challenge", "\ufeffladder: challenge", "\ufeffladder", "byte-order mark", "without one"),
    ("a bell", L, "label: Step 2", "label: Step\a2", "label: Step\a2", "#x0007", "remove the character"),
    ("a bell by its escape", L, "label: Step 2", 'label: "Step\\a2"', 'label: "Step', "does not show", "remove it"),
    ("a nought", L, "label: Step 2", "label: Step\0002", "label: Step\0002", "#x0000", "remove the character"),
    ("writing turned round", L, "label: Step 2", 'label: "Step\\u202e2"', 'label: "Step', "does not show", "remove it"),
    ("a line break in a label", L, "label: Step 2", 'label: "Step\\n2"', 'label: "Step', "a line breaks in this text", "on one line"),
    ("a line break in a title", A, "name: Moorland Council (invented)", 'name: "Moor\\nland"', 'name: "Moor', "a line breaks in this text", "on one line"),
    ("lines parted unseen", L, "label: Step 2", 'label: "Step\\L2"', 'label: "Step', "the text holds U+2028", "write a space"),
    ("paragraphs parted unseen", L, "source: ", 'source: "a\\Pb" #', 'source: "a', "the text holds U+2029", "write a space"),
    ("an encoded word", L, "label: Step 2", "label: Step =?2", "label: Step =?2", "`=?` stands in this text", "write `= ?`"),
    ("a mark of nobody's", L, "label: Step 2", 'label: "Step\\ue0002"', 'label: "Step', "the text holds U+E000", "write a space"),
    ("what is no character", L, "label: Step 2", 'label: "Step\\uffff2"', 'label: "Step', "the text holds U+FFFF", "write a space"),
    ("a reason on two lines", L, "respond_within: 1 working day", 'respond_within: {none: "a\\nb"}', "respond_within: {none", "a line breaks", "on one line"),
    ("half a pair", L, "label: Step 2", "label: Step\ud8002", "label: Step\ud800", "#xd800", "remove the character"),
    ("half a pair by its escape", L, "label: Step 2", 'label: "\\ud800"', 'label: "\\ud800"', "half of a pair", "character itself"),
    ("no such character", L, "ladder: challenge", 'ladder: "\\UFFFFFFFF"', "ladder:", "names no character", "character itself"),
    ("a tab", L, "    label: Step 2", "\tlabel: Step 2", "\tlabel", "not YAML", "indentation"),
    ("a quote left open", L, "label: Step 2", 'label: "Step 2', 'label: "Step 2', "not YAML", "quotes"),
    ("a bracket left open", L, "items: [informal, formal]", "items: [informal, formal", "raised_by:", "not YAML", "indentation"),
    ("an indent too few", L, "    label: Step 2", "   label: Step 2", "    to: director", "not YAML", "indentation"),
    ("two colons", L, "label: Step 2", "label: Step: 2", "label: Step: 2", "not YAML", "colons"),
    ("too deep", L, "label: Step 2", "label: " + "[" * 14 + "]" * 14, "label: [[", "levels deep", "fewer levels"),
    ("far too deep", L, "label: Step 2", "label: " + "[" * 5000, "label: [[", "levels deep", "fewer levels"),
    # Values that one reader takes so and another otherwise.
    ("yes", L, "informal: true", "informal: yes", "informal: yes", "more than one way", '"yes"'),
    ("no", L, "label: Step 2", "label: no", "label: no", "more than one way", '"no"'),
    ("on", L, "label: Step 2", "label: on", "label: on", "more than one way", '"on"'),
    ("True", L, "informal: true", "informal: True", "informal: True", "more than one way", '"True"'),
    ("an octal", L, "version: \"2025/26\"", "version: 0755", "version: 0755", "more than one way", '"0755"'),
    ("a new octal", L, "version: \"2025/26\"", "version: 0o755", "version: 0o755", "more than one way", '"0o755"'),
    ("a number by sixteens", L, "label: Step 2", "label: 0x1F", "label: 0x1F", "more than one way", '"0x1F"'),
    ("base sixty", L, "label: Step 2", "label: 12:30:00", "label: 12:30:00", "more than one way", '"12:30:00"'),
    ("a time without quotes", A, 'acts_at: "09:00"', "acts_at: 09:00", "day: {", "more than one way", '"09:00"'),
    ("a time of day that is none", A, 'acts_at: "09:00"', 'acts_at: "24:00"', "day: {", "not a time of day", '"09:00"'),
    ("not a number", L, "label: Step 2", "label: .nan", "label: .nan", "more than one way", '".nan"'),
    ("without end", L, "label: Step 2", "label: -.inf", "label: -.inf", "more than one way", '"-.inf"'),
    ("a moment for a date", L, "in_force: 2025-01-01", "in_force: 2025-01-01T00:00:00Z", "in_force:", "more than one way", "in quotes"),
    ("a date for text", L, "version: \"2025/26\"", "version: 2025-01-01", "version:", "`2025-01-01` is not text", "in quotes"),
    ("a number for text", L, "version: \"2025/26\"", "version: 2025", "version:", "`2025` is not text", "in quotes"),
    ("a fraction for text", L, "version: \"2025/26\"", "version: 1.5", "version:", "`1.5` is not text", "in quotes"),
    ("text for a date", L, "in_force: 2025-01-01", 'in_force: "2025-01-01"', "in_force:", "`in_force` is not a date", "2016-04-01"),
    ("no such day", L, "until: 2026-12-31", "until: 2026-02-30", "until:", "2026-02-30 is not a date", "year-month-day"),
    ("a day before the first", L, "until: 2026-12-31", "until: 2024-12-31", "until:", "before the first", "after `in_force`"),
    ("nothing", L, "    to: director", "    to:", "    to:\n", "nothing stands here", "write a value"),
    ("null", L, "    to: director", "    to: null", "    to: null", "nothing stands here", "leave the key out"),
    ("a tilde", L, "    to: director", "    to: ~", "    to: ~", "nothing stands here", "leave the key out"),
    ("empty text", L, "label: Step 2", 'label: " "', 'label: " "', "the text is empty", "leave the key out"),
    ("a label too long", L, "label: Step 2", "label: " + "x" * 121, "label: xx", "longer than 120", "shorten it"),
    # Keys.
    ("an unknown key", L, "respond_within: 10 days", "respond_withn: 10 days\n    respond_within: 10 days", "respond_withn", "`respond_withn` is not a key", "write `respond_within`"),
    ("an unknown top key", L, "judge_within:", "judged_within: 3\njudge_within:", "judged_within", "not a key here", "write `judge_within`"),
    ("an unknown key of a role", A, "title: Director,", "title: Director, actsas: leader,", "  director:", "`actsas` is not a key", "write `acts_as`"),
    ("an unknown key of a meeting", L, "called: Panel,", "calld: Panel,", "meeting: {", "`calld` is not a key", "write `called`"),
    ("an unknown key of a reason", A, "needs_words: true", "need_words: true", "      other:", "`need_words` is not a key", "write `needs_words`"),
    ("a key like no other", L, "label: Talk", "zzz: 1\n    label: Talk", "    zzz", "`zzz` is not a key", "the keys here are label"),
    ("a key of another file", N, "copy: [team_manager]", "copy: [team_manager]\nrespond_within: 3 working days", "respond_within", "not a key here", "the keys here"),
    ("a label missing", L, "    label: Step 2\n", "", "  step_2:", "`label` is missing from step_2", "label: Stage 2"),
    ("recipients missing", L, "    to: director\n", "", "  step_2:", "`to` is missing from step_2", "`to: team_manager`"),
    ("a window missing", L, "    respond_within: 1 working day\n", "", "  talk:", "`respond_within` is missing from talk", "3 working days"),
    ("a rule missing", L, "    respond_within: 1 working day\n    no_reply: prompt\n", "    respond_within: 1 working day\n", "  talk:", "`no_reply` is missing from talk", "escalate"),
    ("a judge's time missing", L, "judge_within: 3 working days\n", "", "ladder:", "`judge_within` is missing", "judge_within: 3 working days"),
    ("an authority missing", L, "authority: moorland\n", "", "ladder:", "`authority` is missing", "add `authority"),
    ("a title missing", A, "{title: Director, for: authority}", "{for: authority}", "  director:", "`title` is missing from director", "add `title"),
    ("no stages", P, PARTNERS[PARTNERS.index("stages:") :], "stages: {}\n", "stages:", "`stages` is empty", "one key for each stage"),
    ("a key in capitals", L, "  step_2:", "  Step-2:", "  Step-2:", "`Step-2` is not a key", "small letters"),
    ("a key with a space", A, "  director:", "  the director:", "  the director:", "`the director` is not a key", "underscores"),
    ("a key of the language", A, "  director:", "  next: {title: Next, for: child}\n  director:", "  next:", "meaning of its own", "another key"),
    ("a stage of the language", P, "  lead:", "  resolved:", "  resolved:", "meaning of its own", "another key"),
    # Values.
    ("a thousand million days", L, "respond_within: 10 days", "respond_within: 1000000000 days", "respond_within: 1000", "not a length of time", "working days"),
    ("1e9 days", L, "respond_within: 10 days", "respond_within: 1e9 days", "respond_within: 1e9", "`1e9 days` is not a length", "working days"),
    ("401 days", L, "respond_within: 10 days", "respond_within: 401 calendar days", "respond_within: 401", "out of bounds", "1 to 400"),
    ("no days", L, "respond_within: 10 days", "respond_within: 0 working days", "respond_within: 0", "out of bounds", "1 to 400"),
    ("days to the past", L, "respond_within: 10 days", "respond_within: -3 working days", "respond_within: -3", "not a length", "working days"),
    ("half a day", L, "respond_within: 10 days", "respond_within: 0.5 working days", "respond_within: 0.5", "not a length", "working days"),
    ("a number alone", L, "respond_within: 10 days", "respond_within: 10", "respond_within: 10", "`10` is not a window", "`3 working days`"),
    ("a month", L, "respond_within: 10 days", "respond_within: 1 month", "respond_within: 1 month", "`1 month` is not a length", "calendar days"),
    ("none without a reason", L, "respond_within: 10 days", "respond_within: {none: 3}", "respond_within: {none", "`{none: 3}` is not a window", "the reason for having none"),
    ("a bound that is none", P, "at most 20 working days", "20 working days", "respond_within:", "does not bound a date", "at most"),
    ("an empty list of roles", L, "raised_by: [iro]", "raised_by: []", "raised_by", "the list is empty", "at least one"),
    ("an empty list of items", L, "items: [informal, formal]", "items: []", "items", "the list is empty", "at least one"),
    ("an empty list of statuses", L, "covers: [looked_after]", "covers: []", "covers", "the list is empty", "at least one"),
    ("no judges", L, "{any of: [raiser, iro_manager]}", "{any of: []}", "judged_by", "the list is empty", "at least one"),
    ("a role twice", L, "{any of: [team_manager, head_of_service]}", "{any of: [director, director]}", "    to: {any", "stands twice", "once"),
    ("one of a single role", L, "{any of: [team_manager, head_of_service]}", "{one of: [team_manager]}", "    to: {one", "at least two roles", "alone"),
    ("a list of recipients", L, "to: director", "to: [director, team_manager]", "to: [", "does not name recipients", "{all of: [a, b]}"),
    ("an unknown way on", L, "    reasons: [drift]", "    not_satisfied: {one of: 3}", "    not_satisfied", "`3` is not a key", "small letters"),
    ("a way on that is nothing", L, "    reasons: [drift]", "    not_satisfied: {one of: }", "    not_satisfied", "nothing stands here", "write a value"),
    ("an unknown rule", L, "no_reply: escalate", "no_reply: climb", "no_reply: climb", "`climb` is not a rule for no reply", "`escalate`"),
    ("a condition without if", L, "if in proceedings", "in proceedings", "{director: in", "is not a condition", "begin with `if`"),
    ("unless with and", L, "if in proceedings", "unless in PLO and far away", "{director: unless", "joins `unless` with `and`", "or not"),
    ("an unknown start", L, "counted_from: receipt", "counted_from: posting", "counted_from", "`posting` does not start a window", "receipt"),
    ("an unknown obstacle", L, "obstacle: judged", "obstacle: ignored", "obstacle", "`ignored` is not known here", "recorded, climbs on"),
    ("an unknown limit", L, "from: first formal stage", "from: yesterday", "whole_process", "`yesterday` is not known here", "raising"),
    ("an unknown item", L, "items: [informal, formal]", "items: [informal, formel]", "items", "`formel` is not an item type", "formal"),
    ("an unknown status", L, "covers: [looked_after]", "covers: [looked]", "covers", "`looked` is not known here", "looked_after"),
    ("an unknown capacity", A, "acts_as: iro_manager}", "acts_as: boss}", "  iro_manager:", "`boss` is not known here", "leader"),
    ("an unknown holding", A, "title: Director, for: authority", "title: Director, for: everybody", "  director:", "`everybody` is not known", "agency"),
    ("a list for keys", A, "labels:\n  cafcass: CAFCASS\n", "labels: [cafcass]\n", "labels", "wrong form", "keys and values"),
    ("text for a list", L, "enter_at:\n  - {if: far away, stage: step_2}\n", "enter_at: step_2\n", "enter_at", "wrong form", "a list"),
    ("text for a stage", L, "  cafcass:\n    label: Cafcass\n    referral: cafcass\n    tell: {who: everyone above, by: iro_manager}\n", "  cafcass: last\n", "  cafcass: last", "wrong form", "keys and values"),
    ("text for true", L, "informal: true", "informal: perhaps", "informal: perhaps", "true or false", "informal: true"),
    # Sense.
    ("an unknown role", L, "to: director", "to: directer", "to: directer", "`directer` is not a role of Moorland", "did you mean `director`"),
    ("an unknown copy", L, "      - social_worker", "      - social_workr", "      - social_workr", "not a role", "did you mean `social_worker`"),
    ("an unknown raiser", N, "raised_by: [iro]", "raised_by: [chair]", "raised_by", "`chair` is not a role", "add it to `roles`"),
    ("an unknown watcher", L, "observers: [iro_manager]", "observers: [nobody]", "observers", "`nobody` is not a role", "write one of"),
    ("an unknown judge", L, "[raiser, iro_manager]", "[raiser, judge]", "judged_by", "`judge` is not a role", "write one of"),
    ("an unknown stand-in", L, "{team_manager: head_of_service}", "{team_manager: nobody}", "stand_in", "`nobody` is not a role", "write one of"),
    ("an unknown arranger", L, "{called: Panel, if: required}", "{called: Panel, arranged_by: clerk}", "meeting:", "`clerk` is not a role", "write one of"),
    ("an unknown teller", L, "by: iro_manager}", "by: clerk}", "    tell", "`clerk` is not a role", "write one of"),
    ("an unknown chooser", P, "chosen by: raiser", "chosen by: clerk", "    to:", "`clerk` is not a role", "write one of"),
    ("an unknown adviser", L, "talk_to: iro_manager", "talk_to: clerk", "before_skipping", "`clerk` is not a role", "write one of"),
    ("an unknown reason", L, "reasons: [drift]", "reasons: [drfit]", "    reasons", "`drfit` is not a reason", "did you mean `drift`"),
    ("an unknown reason to raise", L, "reason: drift", "reason: delay", "  - {at", "`delay` is not a reason", "drift"),
    ("an unknown fact", L, "if: far away", "if: far awey", "  - {if", "`far_awey`, which is no fact", "did you mean `far_away`"),
    ("an unknown priority", L, "{high: 2 working days, low", "{hi: 2 working days, low", "respond_within: {hi", "`hi` is not a priority", "did you mean `high`"),
    ("a priority without a window", L, "{high: 2 working days, low: 5 working days}", "{high: 2 working days}", "respond_within: {high", "no window for priority low", "one for each"),
    ("an unknown priority of a condition", L, "if: far away", "if: priority is hihg", "  - {if", "`hihg`, which is no priority", "did you mean `high`"),
    ("an unknown priority between ladders", A, "if: priority is high", "if: priority is hihg", "  - {ladder: partners", "`hihg`, which is no priority", "did you mean `high`"),
    ("an unknown item of a condition", L, "if: far away", "if: item is urgnt", "  - {if", "`urgnt`, which is no item", "did you mean `urgent`"),
    ("an unknown target", L, "stage: step_2}", "stage: step_3}", "  - {if", "there is no stage `step_3`", "did you mean"),
    ("a start at no stage", L, "raised_by: [iro]", "raised_by: [iro]\nstarts_at: {formal: step_9}", "starts_at", "there is no stage `step_9`", "did you mean"),
    ("a start of no item", L, "raised_by: [iro]", "raised_by: [iro]\nstarts_at: {urgent: step_2}", "starts_at", "urgent is no item of this ladder", "add it to `items`"),
    ("a start at a referral", L, "raised_by: [iro]", "raised_by: [iro]\nstarts_at: {formal: cafcass}", "starts_at", "a referral is no stage to start at", "asks somebody"),
    ("a start that is no mapping", L, "raised_by: [iro]", "raised_by: [iro]\nstarts_at: step_2", "starts_at", "does not say where", "about_service: level_4"),
    ("a service's matter that asks of a child", L, "items: [informal, formal]", "items: [formal, about_service]", "    to: social_worker", "would ask the Social Worker", "starts_at: {about_service: step_1}"),
    ("items that nobody raises", L, "raised_by: [iro]", "raised_by: [{iro: formal}]", "raised_by", "nobody raises informal", "add a role"),
    ("a raiser twice", L, "raised_by: [iro]", "raised_by: [iro, {iro: formal}]", "raised_by", "a role stands twice", "all the items"),
    ("two reminders", L, "judge_within: 3 working days", "judge_within: 3 working days\nremind: half-way\nremind_before: 1 working day", "remind: half-way", "already says how long before", "leave out"),
    ("a reminder of another kind", L, "judge_within: 3 working days", "judge_within: 3 working days\nremind: daily", "remind: daily", "`daily` is not known here", "half-way"),
    ("no revision", L, "raised_by: [iro]", "raised_by: [iro]\nrevision: 0", "revision", "wrong form", "greater than or equal to 1"),
    ("an unknown target of a repeat", L, "go_to: step_1", "go_to: step1", "  - {same", "there is no stage `step1`", "did you mean `step_1`"),
    ("an unknown target of no reply", L, "no_reply: escalate", "no_reply: {escalate: step_9}", "no_reply: {", "there is no stage `step_9`", "did you mean"),
    ("a loop", L, "    reasons: [drift]", "    not_satisfied: talk", "    not_satisfied", "talk does not stand above step_1", "further down"),
    ("a loop on itself", L, "    reasons: [drift]", "    not_satisfied: step_1", "    not_satisfied", "does not stand above", "further down"),
    ("a loop for want of a reply", L, "no_reply: escalate", "no_reply: {escalate: talk}", "no_reply: {", "does not stand above", "further down"),
    ("a satisfied loop", L, "    reasons: [drift]", "    satisfied: step_1", "    satisfied", "leads to itself", "satisfied: resolved"),
    ("a stage that nobody reaches", L, "    reasons: [drift]\n  step_2:", "    not_satisfied: cafcass\n  aside:", "  aside:", "no stage leads to aside", "not_satisfied"),
    ("the last stage climbing", P, "no_reply: nothing", "no_reply: escalate", "no_reply: escalate", "nothing stands above", "`prompt`"),
    ("climbing without a date", L, "respond_within: {high: 2 working days, low: 5 working days}", "respond_within: {none: No time.}", "no_reply: escalate", "no window, so no date can pass", "nothing"),
    ("two ways and no word which", L, "    reasons: [drift]", "    not_satisfied: {one of: [step_2, cafcass]}", "    no_reply: escalate", "more than one way on", "{escalate: step_2}"),
    ("endorsed before an IRO speaks", L, "    to: director", "    to: director\n    endorsed_by: {role: head_of_service, within: 1 working day}", "    endorsed_by", "nobody endorses", "remove it"),
    ("an IRO made to ask first", L, "{talk_to: iro_manager}", "{talk_to: iro_manager, required: true}", "before_skipping", "cannot be required", "leave `required` out"),
    ("recipients of a referral", L, "    referral: cafcass", "    referral: cafcass\n    to: director", "    to: director\n    tell", "has no `to`", "remove it"),
    ("a referral to somebody else", L, "referral: cafcass", "referral: court", "referral: court", "`court` is not known here", "cafcass"),
    ("a telling elsewhere", L, "    reasons: [drift]", "    tell: {who: everyone above, by: iro_manager}", "    tell: {who: everyone above, by: iro_manager}\n  step_2", "belongs to a referral stage", "copy"),
    ("plain days", L, "assumed:\n  stages.step_2.respond_within: The source does not say which days.\n", "", "respond_within: 10 days", "plain days do not say", "stages.step_2.respond_within"),
    ("plain days to judge", L, "judge_within: 3 working days", "judge_within: 3 days", "judge_within", "plain days do not say", "judge_within"),
    ("plain days as a bound", P, "at most 20 working days", "at most 20 days", "respond_within", "plain days do not say", "stages.lead.respond_within"),
    ("plain days to endorse", P, "within: 2 working days", "within: 2 days", "    endorsed_by", "plain days do not say", "stages.lead.endorsed_by.within"),
    ("plain days to raise", P, "judge_within:", "raise_within: 3 days of the review\njudge_within:", "raise_within", "plain days do not say", "raise_within"),
    ("a start not stated", L, "counted_from: receipt", "counted_from: not stated", "counted_from", "does not state what starts", "stages.step_1.counted_from"),
    ("an assumption of nothing", L, "  stages.step_2.respond_within:", "  stages.step_9.respond_within:", "  stages.step_9", "nothing stands at `stages.step_9", "stages.step_2.respond_within"),
    ("an assumption of nothing at all", A, "  roles.iro_manager: Ours", "  zzzzzz: Ours", "  zzzzzz", "nothing stands at `zzzzzz`", "name a place"),
    ("an assumption without a reason", A, "  roles.iro_manager: Ours.", '  roles.iro_manager: ""', "  roles.iro_manager: ", "the text is empty", "write it"),
    ("another authority's ladder", L, "authority: moorland", "authority: fenland", "authority", "`fenland` is not the authority", "write `moorland`"),
    ("a ladder not listed", A, "  - ladder: good_work\n", "", None, "does not list `good_work`", "add it there"),
    ("a ladder that is not there", A, "  - ladder: good_work", "  - ladder: good_werk", "  - ladder: good_werk", "there is no ladder `good_werk`", "did you mean `good_work`"),
    ("a ladder listed twice", A, "  - ladder: good_work", "  - ladder: good_work\n  - ladder: challenge", "  - ladder: challenge", "a second time", "remove one"),
    ("senior scrutiny that climbs", L, "items: [informal, formal]", "items: [formal, senior_scrutiny]", "items", "senior scrutiny climbs no ladder", "notice:"),
    ("a challenge told once", N, "raised_by: [iro]", "raised_by: [iro]\nitem: formal", "item", "`formal` is not known here", "senior_scrutiny"),
    ("scrutiny at a stage that is not there", N, "raised_by: [iro]", "raised_by: [iro]\nitem: senior_scrutiny\nstage: {key: step_7, label: Step 7}", "stage: {key", "no ladder has a stage `step_7`", "did you mean `step_"),
    ("scrutiny at a stage without a name", N, "raised_by: [iro]", "raised_by: [iro]\nitem: senior_scrutiny\nstage: {key: step_1}", "stage: {key", "`label` is missing", "label"),
    ("scrutiny with a date", N, "raised_by: [iro]", "raised_by: [iro]\nitem: senior_scrutiny\nrespond_within: 3 working days", "respond_within", "`respond_within` is not a key", "keys here"),
    ("excellent practice that climbs", L, "items: [informal, formal]", "items: [formal, excellent_practice]", "items", "climbs no ladder", "notice:"),
    ("a reason in two themes", A, "facts:", "  two:\n    label: Two\n    reasons: {drift: Again}\nfacts:", "    reasons: {drift", "already a reason of plan", "another key"),
    ("a theme without reasons", A, "facts:", "  two: {label: Two, reasons: {}}\nfacts:", "  two:", "two has no reasons", "at least one"),
    ("nobody acts as IRO", A, ", acts_as: iro}", "}", "roles:", "no role acts as iro", "acts_as: iro"),
    ("a manager of a part who would see everybody", A, "title: IRO Manager, for: authority", "title: IRO Manager, for: service", "  iro_manager:", "acts as iro manager, which sees every child", "for: authority"),
    ("a desk of a part that would see everybody", A, "title: Director, for: authority", "title: Desk, for: team, acts_as: business_support", "  director:", "acts as business support, which sees every child", "for: authority"),
    ("hours that end first", A, 'from: "08:00", until: "18:00"', 'from: "18:00", until: "08:00"', "sending_hours", "end before they begin", "08:00"),
]  # fmt: skip
