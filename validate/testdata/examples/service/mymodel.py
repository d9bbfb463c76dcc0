__all__ = ["Recommender"]


class Recommender:
    def __init__(self, folder):
        self.folder = folder
