package rules

// Ids of the rules about settings that the handler reads.
const (
	SettingsUnreadable = "settings-unreadable"
)

var settingsRules = []Rule{
	{
		ID: SettingsUnreadable, Severity: Warning,
		Summary:  "the handler's settings can't be read, so no sample comes from them",
		Example:  `"setup_config.json": line 4, column 3: expected a property name in double quotes`,
		Preempts: "JSONDecodeError: Expecting property name enclosed in double quotes",
	},
}
