package rules

import "slices"

// catalogue holds every rule, in the order of docs/rules.md.
var catalogue = slices.Concat(
	modelRules, loadTestRules, goldenRules, handlerRules, settingsRules, labelRules, configRules, requirementsRules,
	pickleRules, entryRules, archiveRules,
)
