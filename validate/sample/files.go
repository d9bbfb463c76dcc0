package sample

// Files returns the paths of the files that s takes numbers from.
func (s Spec) Files() []string { return s.value.files() }

func (n node) files() []string {
	var paths []string
	if n.source.kind == fromFile {
		paths = append(paths, n.source.path)
	}
	for _, item := range n.items {
		paths = append(paths, item.files()...)
	}
	return paths
}
