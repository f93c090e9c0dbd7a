"""The worker's side of the conversation with whoever started it."""

import json
import os
import queue
import selectors
import signal
import threading
import time

# Seconds that the statement under way gets to end once it was cancelled.
LAST_MOMENTS = 5
LONGEST_READ = 65536


def take_streams():
    """Takes standard input and output away; to be called before anything of the project is imported.

    Whatever the project prints, in whichever way, goes to standard error.
    """
    requests, events = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return requests, events


class Line:
    """JSON lines, in and out.

    A thread listens, so that the end of the conversation is heard while a statement runs: the
    statement is cancelled then, and the database does not work on for nobody.
    """

    def __init__(self, requests, events):
        self.events = os.fdopen(events, "w", encoding="utf-8", newline="\n")
        self.inbox = queue.SimpleQueue()
        self.cancel = lambda: None
        told_by_signal, wake_up = os.pipe()
        os.set_blocking(wake_up, False)
        # The signal is heard at once, also while a driver waits for the database.
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.set_wakeup_fd(wake_up, warn_on_full_buffer=False)
        listener = threading.Thread(
            target=self.listen, args=[requests, told_by_signal], daemon=True
        )
        listener.start()

    def say(self, event, **told):
        self.events.write(json.dumps(dict(told, event=event), default=str) + "\n")
        self.events.flush()

    def hear(self):
        """The next request; None when there will be no other."""
        return self.inbox.get()

    def listen(self, requests, told_by_signal):
        with selectors.DefaultSelector() as selector:
            selector.register(requests, selectors.EVENT_READ)
            selector.register(told_by_signal, selectors.EVENT_READ)
            text = b""
            while True:
                ready = [key.fd for key, _ in selector.select()]
                if told_by_signal in ready and signal.SIGTERM in os.read(
                    told_by_signal, LONGEST_READ
                ):
                    break
                if requests not in ready:
                    continue
                more = os.read(requests, LONGEST_READ)
                if not more:
                    break
                *lines, text = (text + more).split(b"\n")
                for line in lines:
                    self.inbox.put(json.loads(line))
        self.inbox.put(None)
        self.end()

    def end(self):
        for _ in range(LAST_MOMENTS * 5):
            self.cancel()
            time.sleep(0.2)
        os._exit(1)
