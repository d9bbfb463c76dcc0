package rules

// Ids of the rules about index_to_name.json.
const (
	LabelsUnreadable  = "labels-unreadable"
	LabelsShape       = "labels-shape"
	LabelsOdd         = "labels-odd"
	LabelsKeys        = "labels-keys"
	LabelsMissing     = "labels-missing"
	LabelsShort       = "labels-short"
	LabelsCount       = "labels-count"
	LabelsFileMissing = "labels-file-missing"
	TopFive           = "top-five"
)

var labelRules = []Rule{
	{
		ID: LabelsUnreadable, Severity: Error,
		Summary:  "index_to_name.json is no valid JSON, and the handler reads it",
		Example:  `"index_to_name.json" can't be read as JSON: line 3, column 2: invalid character '}' looking for beginning of object key string`,
		Preempts: []string{"JSONDecodeError: Expecting property name enclosed in double quotes"},
	},
	{
		ID: LabelsShape, Severity: Error,
		Summary:  "index_to_name.json has a shape that the handler can't use",
		Example:  `"index_to_name.json" is an array, and the handler "image_classifier" wants an object`,
		Preempts: []string{`index->name JSON mapping should be in "class": "label" format.`},
	},
	{
		ID: LabelsOdd, Severity: Warning,
		Summary:  "index_to_name.json is odd, and this handler may or may not mind",
		Example:  `"index_to_name.json" can't be read as JSON: line 3, column 2: invalid character '}' looking for beginning of object key string`,
		Preempts: []string{"JSONDecodeError: Expecting property name enclosed in double quotes"},
	},
	{
		ID: LabelsKeys, Severity: Warning,
		Summary:  "the keys of index_to_name.json don't count from 0 without a hole",
		Example:  `the keys of "index_to_name.json" start at "1"; the model's first output is 0`,
		Preempts: []string{"KeyError: '0'"},
	},
	{
		ID: LabelsMissing, Severity: Error,
		Summary:  "the model has outputs without a label, and the handler looks them up",
		Example:  `"model.pt" gives 10 classes, and "index_to_name.json" has no label for 8, 9`,
		Preempts: []string{"KeyError: '8'"},
	},
	{
		ID: LabelsShort, Severity: Warning,
		Summary:  "the model seems to have outputs without a label",
		Example:  `"model.pt" gives 10 classes, and "index_to_name.json" has no label for 8, 9`,
		Preempts: []string{"KeyError: '8'"},
	},
	{
		ID: LabelsCount, Severity: Warning,
		Summary: "index_to_name.json has another number of labels than the model's settings or outputs",
		Example: `"index_to_name.json" has 3 labels, and num_labels is 2 in "setup_config.json"`,
	},
	{
		ID: LabelsFileMissing, Severity: Error,
		Summary:  "the handler looks for labels, and the archive has no index_to_name.json",
		Example:  `"handler.py" looks up labels in mode "sequence_classification", and the archive has no "index_to_name.json"`,
		Preempts: []string{"Missing the index_to_name.json file."},
	},
	{
		ID: TopFive, Severity: Error,
		Summary:  "image_classifier answers the five best classes, and there are fewer",
		Example:  `the handler "image_classifier" answers the 5 best classes, and "model.pt" gives 2`,
		Preempts: []string{"selected index k out of range"},
	},
}
