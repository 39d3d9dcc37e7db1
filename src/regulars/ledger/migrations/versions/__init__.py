"""One file per step; `revisions.KNOWN` lists them."""
