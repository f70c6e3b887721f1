"""The pure steps joined, the values that go to them and come back, and the processes that run them."""
