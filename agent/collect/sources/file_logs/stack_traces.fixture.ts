/**
 * What runtimes print, in records. Java 17, Node 20, Perl 5 and Python 3 printed theirs for small programs; those of Go, Ruby, PHP and
 * .NET are written in the form of their runtimes' documentation.
 */
export const printedTraces: Readonly<Record<string, readonly string[]>> = {
  dotnet: [
    `Unhandled exception. System.InvalidOperationException: outer
 ---> System.ArgumentNullException: Value cannot be null. (Parameter 'x')
   at App.Inner() in /src/App.cs:line 7
   --- End of inner exception stack trace ---
   at App.Outer() in /src/App.cs:line 12
   at App.Main(String[] args) in /src/App.cs:line 20`,
  ],
  go: [
    `panic: runtime error: index out of range [5] with length 3 [recovered]
	panic: again

goroutine 1 [running]:
main.inner(...)
	/tmp/a.go:6
main.(*Server).serve(0xc000012345, {0x4b2f60, 0x1})
	/tmp/a.go:9 +0x1d
main.main()
	/tmp/a.go:12 +0x17

goroutine 6 [chan receive]:
net/http.(*conn).serve(0xc0000a0000)
	/usr/local/go/src/net/http/server.go:1991 +0x607
created by net/http.(*Server).Serve in goroutine 1
	/usr/local/go/src/net/http/server.go:3285 +0x4b4
exit status 2`,
  ],
  java: [
    `2026-11-21 13:00:00.123 ERROR [main] c.e.App - request failed
java.lang.RuntimeException: outer failed
	at A.outer(A.java:3)
	at A.main(A.java:5)
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke(NativeMethodAccessorImpl.java:77)
	at java.base/jdk.internal.reflect.DelegatingMethodAccessorImpl.invoke(DelegatingMethodAccessorImpl.java:43)
	at java.base/java.lang.reflect.Method.invoke(Method.java:569)
	at jdk.compiler/com.sun.tools.javac.launcher.Main.execute(Main.java:419)
	at jdk.compiler/com.sun.tools.javac.launcher.Main.run(Main.java:192)
	at jdk.compiler/com.sun.tools.javac.launcher.Main.main(Main.java:132)
	Suppressed: java.io.IOException: suppressed
		... 9 more
Caused by: java.lang.IllegalStateException: inner state
	at A.inner(A.java:2)
	... 9 more`,
    `2026-11-21 13:00:00.124 INFO [main] c.e.App - next`,
    `Exception in thread "main" java.lang.RuntimeException: outer failed
	at A.outer(A.java:3)
	at A.main(A.java:7)
	Suppressed: java.io.IOException: suppressed
		at A.outer(A.java:3)
		at A.main(A.java:7)
		at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
		at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke(NativeMethodAccessorImpl.java:77)
		at java.base/jdk.internal.reflect.DelegatingMethodAccessorImpl.invoke(DelegatingMethodAccessorImpl.java:43)
		at java.base/java.lang.reflect.Method.invoke(Method.java:569)
		at jdk.compiler/com.sun.tools.javac.launcher.Main.execute(Main.java:419)
		at jdk.compiler/com.sun.tools.javac.launcher.Main.run(Main.java:192)
		at jdk.compiler/com.sun.tools.javac.launcher.Main.main(Main.java:132)
Caused by: java.lang.IllegalStateException: inner state
	at A.inner(A.java:2)
	at A.outer(A.java:3)
	at A.main(A.java:7)
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)
	at java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke(NativeMethodAccessorImpl.java:77)
	at java.base/jdk.internal.reflect.DelegatingMethodAccessorImpl.invoke(DelegatingMethodAccessorImpl.java:43)
	at java.base/java.lang.reflect.Method.invoke(Method.java:569)
	at jdk.compiler/com.sun.tools.javac.launcher.Main.execute(Main.java:419)
	at jdk.compiler/com.sun.tools.javac.launcher.Main.run(Main.java:192)
	at jdk.compiler/com.sun.tools.javac.launcher.Main.main(Main.java:132)`,
  ],
  node: [
    `ERROR request failed Error: boom
    at inner (/tmp/app/a.js:1:27)
    at outer (/tmp/app/a.js:2:19)
    ... 6 lines matching cause stack trace ...
    at node:internal/main/run_main_module:28:49 {
  code: 'E1',
  [cause]: TypeError: why
      at inner (/tmp/app/a.js:1:53)
      at outer (/tmp/app/a.js:2:19)
      at Object.<anonymous> (/tmp/app/a.js:3:7)
      at Module._compile (node:internal/modules/cjs/loader:1521:14)
      at Module._extensions..js (node:internal/modules/cjs/loader:1623:10)
      at Module.load (node:internal/modules/cjs/loader:1266:32)
      at Module._load (node:internal/modules/cjs/loader:1091:12)
      at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12)
      at node:internal/main/run_main_module:28:49
}`,
    `INFO next`,
    `/tmp/app/a.js:1
function inner(){ const e=new Error("boom", {cause: new TypeError("why")}); e.code="E1"; throw e }
                                                                                         ^

Error: boom
    at inner (/tmp/app/a.js:1:27)
    at outer (/tmp/app/a.js:2:19)
    ... 6 lines matching cause stack trace ...
    at node:internal/main/run_main_module:28:49 {
  code: 'E1',
  [cause]: TypeError: why
      at inner (/tmp/app/a.js:1:53)
      at outer (/tmp/app/a.js:2:19)
      at Object.<anonymous> (/tmp/app/a.js:5:1)
      at Module._compile (node:internal/modules/cjs/loader:1521:14)
      at Module._extensions..js (node:internal/modules/cjs/loader:1623:10)
      at Module.load (node:internal/modules/cjs/loader:1266:32)
      at Module._load (node:internal/modules/cjs/loader:1091:12)
      at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12)
      at node:internal/main/run_main_module:28:49
}

Node.js v20.20.2`,
  ],
  perl: [
    `boom at a.pl line 1.
	main::inner(1, "x") called at a.pl line 1
	main::outer() called at a.pl line 1`,
  ],
  php: [
    `PHP Fatal error:  Uncaught RuntimeException: boom in /srv/a.php:3
Stack trace:
#0 /srv/a.php(6): inner()
#1 {main}

Next LogicException: outer in /srv/a.php:8
Stack trace:
#0 {main}
  thrown in /srv/a.php on line 8`,
  ],
  python: [
    `2026-11-21 13:51:43,923 ERROR root request failed
Traceback (most recent call last):
  File "/tmp/app/a.py", line 5, in outer
    try: inner()
         ^^^^^^^
  File "/tmp/app/a.py", line 3, in inner
    def inner(): return {}["key"]
                        ~~^^^^^^^
KeyError: 'key'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/tmp/app/a.py", line 8, in <module>
    try: outer()
         ^^^^^^^
  File "/tmp/app/a.py", line 7, in outer
    raise ValueError("bad value") from e
ValueError: bad value`,
    `2026-11-21 13:51:43,930 ERROR root again
Traceback (most recent call last):
  File "/tmp/app/a.py", line 11, in <module>
    try: inner()
         ^^^^^^^
  File "/tmp/app/a.py", line 3, in inner
    def inner(): return {}["key"]
                        ~~^^^^^^^
KeyError: 'key'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/tmp/app/a.py", line 12, in <module>
    except KeyError: 1/0
                     ~^~
ZeroDivisionError: division by zero`,
    `Traceback (most recent call last):
  File "/tmp/app/a.py", line 14, in <module>
    raise RuntimeError("end")
RuntimeError: end`,
  ],
  ruby: [
    `a.rb:2:in \`inner': boom (RuntimeError)
	from a.rb:5:in \`block in outer'
	from a.rb:9:in \`<main>'`,
  ],
};
