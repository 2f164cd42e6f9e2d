"""How unsure a trained look is about frames nobody painted."""
