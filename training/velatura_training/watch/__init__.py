"""What an artist watches in a browser while a look is learnt: a page, and no server."""
