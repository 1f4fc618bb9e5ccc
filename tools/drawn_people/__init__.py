"""A painter of invented people. It makes the pictures of the demo (`labeler/demo`).

`roles` (the people) → `album` (which pictures each person gets) → `shots` (one picture)
→ `portrait`, which lights the height field of a head (`relief`, `eyes`, `mouth`, `hair`,
`skin`, `body`, `light`) and turns it (`view`) → `photo` (crop, exposure, file).
"""
