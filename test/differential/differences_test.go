package differential

// A difference is a command line on which the tools disagree on purpose.
type difference struct {
	line   string
	reason string
	// original and ours are the exit codes.
	original, ours int
	// added are the entries that ours has and the original lacks, when both
	// write an archive.
	added []string
	// unlike says that the archives can't be compared.
	unlike bool
	real   bool // with real models and the load test
}

var differences = []difference{
	{
		line:     "$m --extra-files a.txt,other/a.txt",
		reason:   "two different files for one entry: the original keeps the last without a word",
		original: 0, ours: 1,
	},
	{
		line:     "$m --serialized-file model.pt --extra-files 'a.txt, b.txt'",
		reason:   "the original looks for \" b.txt\"; a space after a comma is common",
		original: 1, ours: 0,
	},
	{
		line:     "$b --handler handler.py:handle",
		reason:   "the original looks for a file of that whole name",
		original: 1, ours: 0,
	},
	{
		line:     "$b --handler my.python/handler",
		reason:   "the original takes any \".py\" in the path for the ending",
		original: 1, ours: 0,
	},
	{
		line:     "$b --handler my.python/handler:handle",
		reason:   "the original takes any \".py\" in the path for the ending",
		original: 1, ours: 0,
	},
	{
		line:     "$m --extra-files 'a.txt,w[1].bin'",
		reason:   "the original takes a file's own name for a wildcard and leaves the file out",
		original: 0, ours: 0,
		added: []string{"w[1].bin"},
	},
	{
		line:     "$m --extra-files old",
		reason:   "a file dated before 1980 makes the original leave half an archive",
		original: 1, ours: 0,
	},
	{
		line:     "$m --extra-files old/old.txt --archive-format zip-store",
		reason:   "a file dated before 1980 makes the original leave half an archive",
		original: 1, ours: 0,
	},
	{
		line:     "$m --extra-files extra,more",
		reason:   "the original can't merge two folders that both have a sub-folder \"sub\"",
		original: 1, ours: 0,
	},
	{
		line:     "$m --extra-files manifests",
		reason:   "an extra file under the manifest's name makes two entries of one name in the original",
		original: 0, ours: 0, unlike: true,
	},
	{
		line:     "$m --extra-files extra,extra",
		reason:   "the original can't merge a folder with itself",
		original: 1, ours: 0,
	},
	{
		line:     "$m --extra-files dangling",
		reason:   "the original drops a dangling link without a word",
		original: 0, ours: 1,
	},
	{
		line:     "$b --handler net/model.py --model-file model.py",
		reason:   "two different files for one entry: the original keeps the last without a word",
		original: 0, ours: 1,
	},
	{
		line:     "$m --export-path new/folder",
		reason:   "a missing export path is made, with a warning",
		original: 1, ours: 0,
	},
	{
		line:     readmeWith("notmodels/truncated.pt"),
		reason:   "a truncated model is refused",
		original: 0, ours: 3, real: true,
	},
	{
		line:     readmeWith("notmodels/flipped.pt"),
		reason:   "a model with a wrong checksum is refused",
		original: 0, ours: 3, real: true,
	},
	{
		line:     readmeWith("notmodels/empty.pt"),
		reason:   "an empty model is refused",
		original: 0, ours: 3, real: true,
	},
	{
		line:     "$m --serialized-file notmodels/lfs-pointer.pt",
		reason:   "a Git LFS pointer is no model",
		original: 0, ours: 3, real: true,
	},
	{
		line:     "$m --serialized-file notmodels/html.pt",
		reason:   "a web page is no model",
		original: 0, ours: 3, real: true,
	},
	{
		line:     "$m --serialized-file notmodels/state_dict.pt",
		reason:   "base_handler loads TorchScript where no --model-file is given",
		original: 0, ours: 3, real: true,
	},
	{
		line:     readmeWith("notmodels/legacy-pickled-module.pt"),
		reason:   "save_mode torchscript, and a file that is none",
		original: 0, ours: 3, real: true,
	},
	{
		line: "$b --handler ./Transformer_handler_generalized.py --serialized-file models/longformer-80.pt" +
			" --extra-files short/setup_config.json",
		reason:   "max_length 64 for a Longformer traced at 80",
		original: 0, ours: 3, real: true,
	},
	{
		line: "$b --handler ./Transformer_handler_generalized.py --serialized-file models/bert-seq.pt" +
			" --extra-files long/setup_config.json",
		reason:   "max_length 200 for a BERT with 160 positions",
		original: 0, ours: 3, real: true,
	},
	{
		line:     "$b --handler own_handler.py --serialized-file failing/missing-operator.pt",
		reason:   "an operator that this libtorch lacks: the model can't be tested here",
		original: 0, ours: 4, real: true,
	},
}
