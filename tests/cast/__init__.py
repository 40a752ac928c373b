"""The invented authorities that tests speak of, their people, and their clock.

`clock`, `rules`, `people` and `story` are values alone; `stores`, `councils`, `staff` and `marsh` bring them to a database,
`world` and `direct` to a service that is asked over HTTP; `fixtures` gives worlds to tests. One person has one name
everywhere: Irene is the IRO, Tess the team manager. There are two sorts of council, built by the same functions: Marsh is
invented down to its ladders, where a test turns on what they say; the others have shipped ladders under keys of their own.
"""
