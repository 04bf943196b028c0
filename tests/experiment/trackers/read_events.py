"""An independent reader of TensorBoard event files: bitwise CRC-32C, protocol buffers by hand. Prints JSON."""
import json
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def fields(data):
    at = 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        number, wire = key >> 3, key & 7
        if wire == 0:
            yield number, varint()
        else:
            size = {1: 8, 5: 4}.get(wire) or varint()
            yield number, data[at : at + size]
            at += size


data = open(sys.argv[1], "rb").read()
at, events = 0, []
while at < len(data):
    head = data[at : at + 8]
    (length,) = struct.unpack("<Q", head)
    assert struct.unpack("<I", data[at + 8 : at + 12])[0] == masked(head), f"length CRC at byte {at}"
    body = data[at + 12 : at + 12 + length]
    assert struct.unpack("<I", data[at + 12 + length : at + 16 + length])[0] == masked(body), f"data CRC at byte {at}"
    event = {"scalars": {}}
    for number, value in fields(body):
        if number == 1:
            event["wall_time"] = struct.unpack("<d", value)[0]
        elif number == 2:
            event["step"] = value
        elif number == 3:
            event["version"] = value.decode()
        elif number == 5:
            for _, entry in fields(value):
                parts = dict(fields(entry))
                event["scalars"][parts[1].decode()] = struct.unpack("<f", parts[2])[0]
    events.append(event)
    at += 16 + length
json.dump(events, sys.stdout)
