"""The steps of a release: each looks at the world before it does anything (DESIGN.md section 8)."""
