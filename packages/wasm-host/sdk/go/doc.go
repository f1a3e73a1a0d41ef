//go:build wasip1

// Package layotto is what a module of Layotto uses of its host. The pages of the other languages' SDKs have the same
// names.
//
// A function answers requests:
//
//	package main
//
//	import "layotto"
//
//	func init() {
//		layotto.Serve("hello", func(request *layotto.Request) (*layotto.Response, error) {
//			name, _ := request.Param("name")
//			return layotto.Text("Hello, " + name + "!"), nil
//		})
//	}
//
//	func main() {}
//
// A filter looks at exchanges on their way: [Filter] and [UseFilter].
//
// The host calls the module, never main; so what is to be set up goes into init. Nothing may wait for another goroutine,
// for time or for input: there is nobody to wake it.
package layotto
