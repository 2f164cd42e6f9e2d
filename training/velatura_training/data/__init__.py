"""What a look is learnt from: painted keys, plates, paintings, and patches of them."""
