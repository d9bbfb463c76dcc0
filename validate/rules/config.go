package rules

// Ids of the rules about the config file.
const (
	ConfigUnreadable = "config-unreadable"
	ConfigValue      = "config-value"
	ConfigKey        = "config-key"
	ConfigWorkers    = "config-workers"
)

var configRules = []Rule{
	{
		ID: ConfigUnreadable, Severity: Error,
		Summary:  "the config file is empty, no valid YAML or no map",
		Example:  `"model-config.yaml" can't be read as YAML: line 3, column 12: mapping values are not allowed in this context`,
		Preempts: []string{"Failed to parse model config yaml file."},
	},
	{
		ID: ConfigValue, Severity: Warning,
		Summary:  "the config file has a value that TorchServe ignores",
		Example:  `line 2 of "model-config.yaml": batchSize is the text "4", and TorchServe wants a whole number and ignores it`,
		Preempts: []string{"Invalid batchSize: 4, should be integer"},
	},
	{
		ID: ConfigKey, Severity: Warning,
		Summary: "the config file has a key that TorchServe does not know and that is near one that it does",
		Example: `line 4 of "model-config.yaml": TorchServe knows no key "BatchSize"`,
	},
	{
		ID: ConfigWorkers, Severity: Warning,
		Summary:  "minWorkers is more than maxWorkers, or one of them is missing",
		Example:  `"model-config.yaml" has minWorkers 4 and maxWorkers 2; TorchServe ignores both`,
		Preempts: []string{`Model "bert" Version: 1.0 registered with 0 initial workers. Use scale workers API to add workers for the model.`},
	},
}
