"""
A line of some length: two network devices, and what goes into one comes out of the other later.
    line.py NEAR FAR MILLISECONDS
Passes Ethernet frames as the kernel hands them over, several segments of TCP in one. The kernel's own way to delay
packets, netem, is not in every kernel. Says "up" when the devices are there; ends, and they with it, when standard
input does.
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
    """All frames that went into this end."""
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

under_way = deque()
is_wanted = True
while is_wanted:
    wait = max(0, under_way[0][0] - time.monotonic()) if under_way else None
    for file, _ in poll.poll(wait):
        if file == owner:
            is_wanted = False
            break
        due = time.monotonic() + delay
        under_way.extend((due, other[file], frame) for frame in take(file))
    while under_way and under_way[0][0] <= time.monotonic():
        _, end, frame = under_way.popleft()
        os.write(end, frame)
