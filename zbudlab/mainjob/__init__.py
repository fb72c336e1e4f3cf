"""The main job of `zbudlab run`: the same content under pressure on machines that differ."""
