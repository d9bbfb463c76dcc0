package rules

// Ids of the rules about settings that the handler reads.
const (
	FileTooLarge          = "file-too-large"
	SettingsUnreadable    = "settings-unreadable"
	SetupConfigUnreadable = "setup-config-unreadable"
	SetupConfigMissing    = "setup-config-missing"
	SetupConfigAbsent     = "setup-config-absent"
	HandlerConfigMissing  = "handler-config-missing"
	HandlerConfigDefault  = "handler-config-default"
	SettingsDisagree      = "settings-disagree"
	SettingNotNumber      = "setting-not-number"
	SettingMissing        = "setting-missing"
	SettingValue          = "setting-value"
	CaptumTorchScript     = "captum-torchscript"
	MaxLengthPositions    = "max-length-positions"
)

var settingsRules = []Rule{
	{
		ID: FileTooLarge, Severity: Warning,
		Summary: "a file of code, settings or labels is so large that it was not checked",
		Example: `"model-config.yaml" has 2000000 bytes and was not checked; at most 1048576 are read`,
	},
	{
		ID: SettingsUnreadable, Severity: Warning,
		Summary:  "the handler's settings can't be read, or not in every locale",
		Example:  `"setup_config.json" can't be read as JSON: line 4, column 3: invalid character '}' looking for beginning of object key string`,
		Preempts: []string{"JSONDecodeError: Expecting property name enclosed in double quotes"},
	},
	{
		ID: SetupConfigUnreadable, Severity: Error,
		Summary:  "setup_config.json is no valid JSON, and the handler reads it",
		Example:  `"setup_config.json" can't be read as JSON: line 4, column 3: invalid character '}' looking for beginning of object key string`,
		Preempts: []string{"JSONDecodeError: Expecting property name enclosed in double quotes"},
	},
	{
		ID: SetupConfigMissing, Severity: Error,
		Summary:  "the handler needs setup_config.json, and the archive has none",
		Example:  `"handler.py" opens "setup_config.json" in line 44, and the archive has no such file`,
		Preempts: []string{"Missing the setup_config.json file."},
	},
	{
		ID: SetupConfigAbsent, Severity: Note,
		Summary: "the handler looks for setup_config.json, and the archive has none",
		Example: `"handler.py" looks for "setup_config.json" (line 44), and the archive has neither that nor a config file`,
	},
	{
		ID: HandlerConfigMissing, Severity: Error,
		Summary:  "the handler needs a setting of the config file that is not there",
		Example:  `"handler.py" reads handler: save_mode from the config file in line 63, and no config file is given`,
		Preempts: []string{"KeyError: 'save_mode'"},
	},
	{
		ID: HandlerConfigDefault, Severity: Note,
		Summary: "the handler reads settings of the config file that is not given, and has defaults for them",
		Example: `"handler.py" reads handler: max_length from the config file in line 63; none is given, so its defaults count`,
	},
	{
		ID: SettingsDisagree, Severity: Warning,
		Summary: "setup_config.json and the config file disagree",
		Example: `"setup_config.json" and handler: in "model-config.yaml" disagree on max_length ("150" and 128)`,
	},
	{
		ID: SettingNotNumber, Severity: Error,
		Summary:  "max_length is no whole number, and the handler pads to it",
		Example:  `max_length is "long" in "setup_config.json", and the handler needs a whole number`,
		Preempts: []string{"ValueError: invalid literal for int() with base 10: 'long'"},
	},
	{
		ID: SettingMissing, Severity: Error,
		Summary:  "the handler reads a setting that is not there, when the model is loaded or for each request",
		Example:  `"handler.py" reads max_length from "setup_config.json" in line 98 for each request, and it is not there`,
		Preempts: []string{"KeyError: 'max_length'"},
	},
	{
		ID: SettingValue, Severity: Warning,
		Summary:  "a setting of the Hugging Face handler has an odd value",
		Example:  `mode is "sequence-classification" in "setup_config.json", which "handler.py" does not mention`,
		Preempts: []string{"UnboundLocalError: local variable 'inputs' referenced before assignment"},
	},
	{
		ID: CaptumTorchScript, Severity: Warning,
		Summary:  "captum_explanation is on, and explanations don't work with TorchScript",
		Example:  `captum_explanation is true in "setup_config.json", and save_mode is "torchscript": requests for /explanations will fail, predictions work`,
		Preempts: []string{"a 503 for each request to /explanations"},
	},
	{
		ID: MaxLengthPositions, Severity: Warning,
		Summary:  "max_length is larger than the model's position embeddings",
		Example:  `max_length is 600 in "setup_config.json", and "bert.embeddings.position_embeddings.weight" has 512 positions for tokens`,
		Preempts: []string{"index out of range in self"},
	},
}
