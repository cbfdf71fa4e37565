"""What scapy says of IKEv2 messages: one in hexadecimal a line on standard input, one JSON array a line on standard output.

Its elements are the layers in their order, a layer's substructures behind it, each an array of
the class, where it starts, its depth in substructures, its fields as [name, where it starts, octets in hexadecimal as
scapy encodes the value it holds], and for a payload (null otherwise) twice its octets as scapy encodes them: from these
values, and with the lengths and counts left to scapy where it has a rule for them.
Where scapy raises an exception, its text after an exclamation mark stands instead of octets.
With --time, the seconds of dissecting and of building all messages are the only answer.
"""

import json
import logging
import sys
import time

logging.getLogger('scapy').setLevel(logging.ERROR)

from scapy.contrib.ikev2 import IKEv2
from scapy.fields import ConditionalField, FieldLenField
from scapy.packet import NoPayload, Packet


def chain(packet):
    while packet is not None and not isinstance(packet, NoPayload):
        yield packet
        packet = packet.payload


def parts(value):
    if isinstance(value, Packet):
        return list(chain(value))
    if isinstance(value, list) and all(isinstance(item, Packet) for item in value):
        return [part for item in value for part in chain(item)]
    return None


def size(packet):
    return len(packet.raw_packet_cache or b'')


def attempt(work):
    try:
        return work().hex()
    except Exception as error:
        return '!%s: %s' % (type(error).__name__, error)


def describe(packet, start, depth):
    fields, inner, at = [], [], start
    for field in packet.fields_desc:
        if isinstance(field, ConditionalField) and not field._evalcond(packet):
            continue
        value = packet.getfieldval(field.name)
        within = parts(value)
        if within is None:
            octets = attempt(lambda: field.addfield(packet, b'', value))
            fields.append([field.name, at, octets])
            at += 0 if octets.startswith('!') else len(octets) // 2
        elif type(packet).__name__.startswith('IKEv2_payload_CERT'):
            octets = b''.join(bytes(part) if part.raw_packet_cache is None else part.raw_packet_cache for part in within)
            fields.append([field.name, at, octets.hex()])
            at += len(octets)
        else:
            for part in within:
                inner += describe(part, at, depth + 1)
                at += size(part)
    return [[type(packet).__name__, start, depth, fields, None, None]] + inner


def forget(packet, derive):
    """Drops the octets that scapy remembers, here and in every packet inside, and with `derive` what it can find itself."""
    packet.raw_packet_cache = None
    packet.raw_packet_cache_fields = None
    for value in list(packet.fields.values()):
        for part in parts(value) or []:
            forget(part, derive)
    if derive:
        for field in packet.fields_desc:
            if isinstance(field, FieldLenField) or (isinstance(packet, IKEv2) and field.name == 'length'):
                packet.fields.pop(field.name, None)


def build(packet, derive, rest):
    """The octets of one layer; `rest` follows it in the message."""
    forget(packet, derive)
    own = packet.self_build()
    return packet.post_build(own, rest)[: len(own)]


def dissect(octets):
    message = IKEv2(octets)
    layers, heads, at = [], [], 0
    for part in chain(message):
        described = describe(part, at, 0)
        heads.append((described[0], part))
        layers += described
        at += size(part)
    for index, derive in ((4, False), (5, True)):
        for layer, part in heads:
            rest = octets[28:] if isinstance(part, IKEv2) else b''
            layer[index] = attempt(lambda: build(part, derive, rest))
    return layers


def compose(packet):
    """Makes it what a program composes from classes and values: scapy expands such a packet before it builds it."""
    packet.explicit = 0
    for value in packet.fields.values():
        for part in parts(value) or []:
            compose(part)


def measure(messages):
    start = time.process_time()
    packets = [IKEv2(octets) for octets in messages]
    dissected = time.process_time()
    for packet in packets:
        for part in chain(packet):
            forget(part, False)
            compose(part)
    forgotten = time.process_time()
    for packet in packets:
        bytes(packet)
    return {'dissect': dissected - start, 'build': time.process_time() - forgotten}


if '--time' in sys.argv:
    print(json.dumps(measure([bytes.fromhex(line) for line in sys.stdin])))
else:
    for line in sys.stdin:
        print(json.dumps(dissect(bytes.fromhex(line)), separators=(',', ':')))
