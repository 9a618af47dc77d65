"""Control over what is painted: which paintings, where, how large their strokes are, and whose colours."""
