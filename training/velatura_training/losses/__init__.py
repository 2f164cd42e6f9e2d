"""What pulls at the network: loss terms and the backbones that they look through."""
