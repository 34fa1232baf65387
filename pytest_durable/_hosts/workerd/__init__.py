"""The real platform as a child process, under the clock of the test. The lower half: no host, no pytest.

How a test and the process agree about time:

1. The process has no time of its own. ``shim.c``, loaded into it, shows it the time of the test, and moves that time
   only on an order of the test and only while the event loop of the process has nothing to do.
2. ``Conversation`` sends the order and waits, in real time, for the report. The report comes when the process is idle:
   what was asked is answered, or waits for time or for the test. So nobody polls and nobody sleeps.
3. Between two of its public methods the process stands still. The test's event loop therefore never has a descriptor of
   the process to wait for: a call in flight is a plain future, and its reply arrives while ``settle`` or ``travel``
   runs. Calls submitted before one ``settle`` run concurrently.
4. Whoever moves the test's clock asks ``travel(limit)`` before he jumps. The process goes from one of its timers to the
   next, each at its own instant, and stops early once it has written something: a reply, a record, a line of output.
   The distance it went is what the clock moves.
5. When a call of the test is in flight and the test has nothing else to do, the jump is ``travel(None)``.

What a report cannot see: work of other threads, and peers outside, such as a real server on the network. An idle
process was seen to have one other thread, V8's worker. That nothing waits for a result of it is assumed, not checked.
"""
