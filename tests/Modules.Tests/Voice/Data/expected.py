"""Writes expected.tsv from http/*.http with Python's own parsers (json, ElementTree, urllib, base64), apart from Balatrix's code."""
import base64, glob, json, os, urllib.parse
import xml.etree.ElementTree as ET

here = os.path.dirname(os.path.abspath(__file__))
print("file\tuuid\tleg\ta_leg\ttalk_ms\tanswered\taccountcode")
for path in sorted(glob.glob(os.path.join(here, "http", "*.http"))):
    body = open(path, "rb").read().replace(b"\r\n", b"\n").partition(b"\n\n")[2].strip()
    if body.startswith(b"cdr="):
        body = body[4:]
        body = urllib.parse.unquote_to_bytes(body) if b"%" in body else base64.b64decode(body)
    if body.startswith(b"{"):
        v = json.loads(body)["variables"]
        if "%20" in v["start_stamp"]:
            v = {k: urllib.parse.unquote(t) for k, t in v.items()}
    else:
        v = {e.tag: urllib.parse.unquote(e.text or "") for e in ET.fromstring(body).find("variables")}
    a_uuid = v.get("originator") or v.get("originating_leg_uuid") or (v["other_loopback_leg_uuid"] if v.get("loopback_leg") == "B" else "")
    answered = v["answer_epoch"] != "0"
    talk = -(-int(v["billusec"]) // 1000) if answered else 0
    print(os.path.basename(path), v["uuid"], "b" if a_uuid else "a", a_uuid or "-", talk, int(answered), v.get("accountcode") or "-", sep="\t")
