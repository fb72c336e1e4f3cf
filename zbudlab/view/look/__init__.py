"""One look for everything that is drawn: tokens, style sheets, drawing shared by the views."""
