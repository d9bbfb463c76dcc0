package rules

// Ids of the rules about the requirements file.
const (
	RequirementsSyntax  = "requirements-syntax"
	RequirementsUnused  = "requirements-unused"
	RequirementsMissing = "requirements-missing"
)

var requirementsRules = []Rule{
	{
		ID: RequirementsSyntax, Severity: Warning,
		Summary:  "the requirements file has a line that pip refuses",
		Example:  `line 2 of "requirements.txt": "numpy=1.24" has "=1.24" after the package's name`,
		Preempts: []string{"Custom pip package installation failed for X"},
	},
	{
		ID: RequirementsMissing, Severity: Warning,
		Summary:  "the manifest names a requirements file that is not there",
		Example:  `the manifest of "bert.mar" names the requirements file "requirements.txt", which is not there`,
		Preempts: []string{"Custom pip package installation failed for X"},
	},
	{
		ID: RequirementsUnused, Severity: Note,
		Summary:  "TorchServe installs the requirements file only where it is told to",
		Example:  `TorchServe installs "requirements.txt" only where install_py_dep_per_model=true stands in its config.properties`,
		Preempts: []string{"No module named 'ts.torch_handler.handler'"},
	},
}
