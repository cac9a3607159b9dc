"""
Delays packets: creates two network devices, and every frame sent into one leaves the other MILLISECONDS later.
    delay.py NEAR FAR MILLISECONDS
Used because netem, the kernel's own delay, is not in every kernel. Frames are passed as the kernel hands them over, with
several TCP segments in one (TSO). Prints "up" when both devices exist; exits, and so removes them, at the end of standard
input.
"""

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

# linux/if_tun.h
TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4 = 1, 2

LARGEST_FRAME = 10 + 14 + 65535  # the offload header, Ethernet's, an IP packet


def open_end(name):
    end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    fcntl.ioctl(end, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4)
    return end


def take(end):
    """Yields all frames that wait at this end."""
    while True:
        try:
            yield os.read(end, LARGEST_FRAME)
        except BlockingIOError:
            return


near, far = open_end(sys.argv[1]), open_end(sys.argv[2])
delay = float(sys.argv[3]) / 1000
other = {near: far, far: near}
owner = sys.stdin.fileno()
poll = select.epoll()
for file in (near, far, owner):
    poll.register(file, select.EPOLLIN)
print("up", flush=True)

in_flight = deque()
is_running = True
while is_running:
    wait = max(0, in_flight[0][0] - time.monotonic()) if in_flight else None
    for file, _ in poll.poll(wait):
        if file == owner:
            is_running = False
            break
        due = time.monotonic() + delay
        in_flight.extend((due, other[file], frame) for frame in take(file))
    while in_flight and in_flight[0][0] <= time.monotonic():
        _, end, frame = in_flight.popleft()
        os.write(end, frame)
