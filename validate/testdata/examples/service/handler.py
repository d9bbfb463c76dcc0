"""One class, one instance of it, and the function that TorchServe calls."""

from mymodel import Recommender


class RecommenderHandler(object):
    def __init__(self):
        self.initialized = False

    def initialize(self, context):
        self.model = Recommender(context.system_properties.get("model_dir"))
        self.initialized = True

    def handle(self, data, context):
        return [self.model.best(row) for row in data]


_service = RecommenderHandler()


def handle(data, context):
    if not _service.initialized:
        _service.initialize(context)
    if data is None:
        return None
    return _service.handle(data, context)
