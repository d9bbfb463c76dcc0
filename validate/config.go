package validate

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"go-model-archiver/validate/rules"
)

// kind is the type that TorchServe wants for a key of the config file. It
// ignores a value of another type.
type kind string

const (
	kindInt       kind = "a whole number"
	kindBool      kind = "true or false"
	kindText      kind = "a text"
	kindNumbers   kind = "a list of whole numbers"
	kindMap       kind = "a map"
	kindMapOrText kind = "a map or a text"
)

// configKeys are those of TorchServe 0.12's frontend (ModelConfig.java);
// handler and pt2 are for the Python side. All other keys are free.
var configKeys = map[string]kind{
	"minWorkers": kindInt, "maxWorkers": kindInt, "batchSize": kindInt, "maxBatchDelay": kindInt,
	"responseTimeout": kindInt, "startupTimeout": kindInt, "deviceType": kindText, "deviceIds": kindNumbers,
	"parallelType": kindText, "parallelLevel": kindInt, "torchrun": kindMap, "maxRetryTimeoutInSec": kindInt,
	"clientTimeoutInMills": kindInt, "jobQueueSize": kindInt, "useJobTicket": kindBool, "sequenceMaxIdleMSec": kindInt,
	"sequenceTimeoutMSec": kindInt, "maxSequenceJobQueueSize": kindInt, "maxNumSequence": kindInt,
	"continuousBatching": kindBool, "sequenceBatching": kindBool, "asyncCommunication": kindBool, "useVenv": kindBool,
	"handler": kindMapOrText, "pt2": kindMapOrText,
}

// torchrunKeys are the keys below torchrun.
var torchrunKeys = map[string]kind{
	"nnodes": kindInt, "nproc-per-node": kindInt, "rdzv-backend": kindText, "rdzv-endpoint": kindText,
	"rdzv-conf": kindText, "monitor-interval": kindInt, "node-rank": kindInt, "OMP_NUMBER_THREADS": kindInt,
}

// least is the smallest value that TorchServe keeps.
var least = map[string]int64{
	"minWorkers": 1, "maxWorkers": 0, "batchSize": 1, "maxBatchDelay": 0, "responseTimeout": 1, "startupTimeout": 1, "parallelLevel": 0,
}

// words are the only values of a key, in any case of letters.
var words = map[string][]string{
	"deviceType": {"cpu", "gpu"}, "parallelType": {"pp", "tp", "pptp", "custom"},
}

// checkConfig reads the config file as TorchServe does: one YAML 1.1 document
// that is a map. What keeps one of its two readers from that ends the worker.
func (c *Check) checkConfig(data []byte) {
	root, err := parseConfig(data)
	name := c.subject.Manifest.Model.ConfigFile
	if err != nil {
		hint := `write a map of keys, such as "batchSize: 4", indented with spaces`
		if r, ok := errors.AsType[refusal](err); ok {
			hint = r.hint
		}
		c.add(rules.ConfigUnreadable, name, fmt.Sprintf("%q %v", name, err), hint)
		return
	}
	c.config = root
	c.checkKeys(root, "", configKeys)
	if torchrun, _ := lookup(root, "torchrun"); torchrun != nil && torchrun.Kind == yaml.MappingNode {
		c.checkKeys(torchrun, "torchrun: ", torchrunKeys)
	}
	c.checkWorkers(root)
}

func describeNode(n *yaml.Node) string {
	switch n.Kind {
	case yaml.SequenceNode:
		return "a list"
	case yaml.MappingNode:
		return "a map"
	}
	switch {
	case n.Tag == "!!null":
		return "null"
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0, n.Tag == "!!str" && !isInt(n) && !isBool(n):
		return "the text " + strconv.Quote(clip(n.Value))
	}
	return clip(n.Value)
}

// clip shortens what a message quotes from a file.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

func (c *Check) checkKeys(mapping *yaml.Node, above string, known map[string]kind) {
	name := c.subject.Manifest.Model.ConfigFile
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], target(mapping.Content[i+1])
		if key.Kind != yaml.ScalarNode {
			continue
		}
		want, ok := known[key.Value]
		if !ok {
			if near := nearKey(key.Value, known); near != "" && !c.readsConfigKey(key.Value) {
				c.add(rules.ConfigKey, name, fmt.Sprintf("line %d of %q: TorchServe knows no key %q", key.Line, name, above+key.Value),
					fmt.Sprintf("did you mean %q?", near))
			}
			continue
		}
		if why := wrong(key.Value, want, value); why != "" {
			is := "is " + describeNode(value)
			if want == kindNumbers && value.Kind == yaml.SequenceNode {
				odd := slices.IndexFunc(value.Content, func(e *yaml.Node) bool { return !isInt(target(e)) })
				is = "holds " + describeNode(target(value.Content[odd]))
			}
			c.add(rules.ConfigValue, name, fmt.Sprintf("line %d of %q: %s%s %s, and TorchServe wants %s and ignores it",
				key.Line, name, above, key.Value, is, why),
				fmt.Sprintf("give it %s, or leave it out", why))
		}
	}
}

// wrong says what TorchServe wants of a key, or nothing where it has that.
func wrong(key string, want kind, value *yaml.Node) string {
	switch {
	case !want.takes(value):
		return string(want)
	case words[key] != nil && !slices.Contains(words[key], strings.ToLower(value.Value)):
		return strings.Join(words[key], " or ")
	}
	if low, ok := least[key]; ok {
		if n, err := strconv.ParseInt(value.Value, 10, 64); err == nil && n < low {
			return fmt.Sprintf("a whole number from %d on", low)
		}
	}
	return ""
}

func (k kind) takes(n *yaml.Node) bool {
	switch k {
	case kindInt:
		return isInt(n)
	case kindBool:
		return isBool(n)
	case kindText:
		return n.Kind == yaml.ScalarNode && n.Tag == "!!str" && !isBool(n)
	case kindNumbers:
		return n.Kind == yaml.SequenceNode && !slices.ContainsFunc(n.Content, func(e *yaml.Node) bool { return !isInt(target(e)) })
	case kindMap:
		return n.Kind == yaml.MappingNode
	}
	return true
}

var (
	// A whole number in YAML 1.1: with underscores, in other bases, or in
	// minutes and seconds.
	yamlInt  = regexp.MustCompile(`^[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(:[0-5]?[0-9])*)$`)
	yamlBool = regexp.MustCompile(`^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)
)

func isPlain(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

// isInt says that SnakeYAML makes an Integer of it, which has 32 bits.
func isInt(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode && n.Style&yaml.TaggedStyle != 0 && n.ShortTag() == "!!int" {
		return true
	}
	if !isPlain(n) || !yamlInt.MatchString(n.Value) {
		return false
	}
	value, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 10, 64)
	return err != nil || value == int64(int32(value))
}

func isBool(n *yaml.Node) bool { return isPlain(n) && yamlBool.MatchString(n.Value) }

// readsConfigKey says that the handler reads a key of the config file by that
// very name.
func (c *Check) readsConfigKey(key string) bool { return c.handler != nil && c.handler.mentions(key) }

// nearKey finds the known key that was meant: one that differs in its case or
// in hyphens and underscores, or in one letter of many.
func nearKey(key string, known map[string]kind) string {
	folded := fold(key)
	best := ""
	for _, k := range slices.Sorted(maps.Keys(known)) {
		switch {
		case fold(k) == folded:
			return k
		case len(k) >= 8 && oneApart(folded, fold(k)):
			best = k
		}
	}
	return best
}

func fold(key string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(key))
}

// oneApart says that one letter inserted, left out or replaced makes a to b.
func oneApart(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	same := 0
	for same < len(a) && a[same] == b[same] {
		same++
	}
	switch len(b) - len(a) {
	case 0:
		return same < len(a) && a[same+1:] == b[same+1:]
	case 1:
		return a[same:] == b[same+1:]
	}
	return false
}

// checkWorkers finds numbers of workers that the server ignores: it wants both,
// in their order. What is wrong with one of them is told already.
func (c *Check) checkWorkers(root *yaml.Node) {
	const min, max = "minWorkers", "maxWorkers"
	numbers := map[string]int64{}
	for _, key := range []string{min, max} {
		n, open := lookup(root, key)
		if n == nil && !open {
			continue
		}
		if n == nil || wrong(key, kindInt, n) != "" {
			return
		}
		v, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			return
		}
		numbers[key] = v
	}
	least, hasLeast := numbers[min]
	most, hasMost := numbers[max]
	name, hint := c.subject.Manifest.Model.ConfigFile, "give both minWorkers and maxWorkers, or none"
	var message string
	switch {
	case hasLeast == hasMost && least <= most:
		return
	case !hasMost:
		message = fmt.Sprintf("%q has minWorkers %d and no maxWorkers; TorchServe ignores it", name, least)
	case !hasLeast:
		message = fmt.Sprintf("%q has maxWorkers %d and no minWorkers; TorchServe ignores it", name, most)
	default:
		message = fmt.Sprintf("%q has minWorkers %d and maxWorkers %d; TorchServe ignores both", name, least, most)
		hint = "make maxWorkers at least minWorkers"
	}
	c.add(rules.ConfigWorkers, name, message, hint)
}
