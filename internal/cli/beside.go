package cli

import "sync"

// beside runs main, and the tasks on one goroutine beside it: main, which
// waits for a worker with libtorch most of the time, keeps a core for that.
// When main is done it helps with the tasks that are left.
func beside(main func(), tasks ...func()) {
	left := make(chan func(), len(tasks))
	for _, task := range tasks {
		left <- task
	}
	close(left)
	work := func() {
		for task := range left {
			task()
		}
	}
	var all sync.WaitGroup
	all.Go(work)
	main()
	work()
	all.Wait()
}
