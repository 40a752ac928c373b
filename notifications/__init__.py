"""Floor 3: carries out what was decided: in what words, by which channel. Nothing about a child leaves by e-mail."""
