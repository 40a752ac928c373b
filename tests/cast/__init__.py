"""The invented authorities that tests speak of, their people, and their clock.

`clock`, `rules`, `people` and `story` are values alone; `stores`, `councils`, `staff` and `marsh` bring them to a database,
`world` to a service that is asked over HTTP. One person has one name everywhere: Irene is the IRO, Tess the team manager.
"""
