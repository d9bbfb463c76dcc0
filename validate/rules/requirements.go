package rules

// Ids of the rules about the requirements file.
const (
	RequirementsSyntax = "requirements-syntax"
	RequirementsUnused = "requirements-unused"
)

var requirementsRules = []Rule{
	{
		ID: RequirementsSyntax, Severity: Warning,
		Summary:  "the requirements file has a line that pip refuses",
		Example:  `line 2 of "requirements.txt": "numpy=1.24" has "=1.24" after the package's name`,
		Preempts: "Custom pip package installation failed for X",
	},
	{
		ID: RequirementsUnused, Severity: Note,
		Summary:  "TorchServe installs the requirements file only where it is told to",
		Example:  `TorchServe installs "requirements.txt" only where install_py_dep_per_model=true stands in its config.properties`,
		Preempts: "No module named 'ts.torch_handler.handler'",
	},
}
