#!/bin/bash
# jsmn is one header.
install -m 644 -D jsmn.h "$OUT/include/jsmn.h"
