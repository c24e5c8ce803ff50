# Builds Skerry. Called by build.sh, which knows where the third-party
# packages are:
#
#   make PROFILE=release PREFIX=DIR              out/skerry, static against musl
#   make PROFILE=asan PREFIX=DIR MUSL_PREFIX=DIR test
#   make PROFILE=release PREFIX=DIR bench
#
# One archive a room; each program names the rooms that it may use, so that a
# stray dependency fails to link.
PROFILE ?= release
PREFIX ?= /usr
MUSL_PREFIX ?= $(PREFIX)
BUILD := build/$(PROFILE)

WARNINGS := -Wall -Wextra -Werror -Wconversion -Wshadow -Wvla \
	-Wmissing-prototypes -Wstrict-prototypes -Wcast-qual -Wformat=2
CPPFLAGS := -D_GNU_SOURCE -iquote src -I$(PREFIX)/include -ffile-prefix-map=$(CURDIR)=.
CFLAGS := -std=c17 $(WARNINGS) -g -MMD -MP
# quick: the release build with cycles of one second allowed, so that tests of
# hundreds of cycles end in minutes.
ifneq ($(filter release quick,$(PROFILE)),)
CC := $(PREFIX)/bin/musl-gcc
AR := gcc-ar
CFLAGS += -O2 -Wframe-larger-than=8192 -ffunction-sections -fdata-sections \
	-fstack-protector-strong -fno-plt -fno-asynchronous-unwind-tables
LDFLAGS := -static -Wl,--gc-sections -Wl,--build-id=none -Wl,-z,relro,-z,now
NOT_THIS_PROFILE := src/platform/memory_hosted.c
# malloc of the roles: not in the archive, so that benches have the C library's.
MEMORY := $(BUILD)/src/platform/memory.o $(BUILD)/src/platform/copy.o
ifeq ($(PROFILE),quick)
CPPFLAGS += -DRESOLUTION_MS_MIN=1000
endif
else
CFLAGS += -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
LDFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=all
NOT_THIS_PROFILE :=
MEMORY :=
endif
# One short line a step; V=1 shows the whole commands.
say = $(if $(V),,@printf '%-5s %s\n' $(1) $@;)
LINK = $(call say,LINK)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) \
	-Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS) -lm
ARCHIVE = $(call say,AR)rm -f $@ && $(AR) rcsD $@ $^
LIBS := -L$(PREFIX)/lib -lcurl -lcares -lmicrohttpd -lyaml -lsqlite3 -lz \
	-lmbedtls -lmbedx509 -lmbedcrypto

ROOMS := base platform budget model parse discover scrape host table history sink update api terminal app
# The page, bundled and compressed into an array that room api holds.
WEB_ASSETS := build/web/web_assets.c
ROOM_SOURCES = $(filter-out $(NOT_THIS_PROFILE) src/platform/memory.c src/platform/copy.c src/app/main.c,$(wildcard src/$(1)/*.c))
archive = $(patsubst %,$(BUILD)/lib/%.a,$(1))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))

.PHONY: FORCE all test unit bench programs sealed-tests clean
.DELETE_ON_ERROR:
.SECONDARY:
all: out/skerry

# The static binary

$(BUILD)/skerry: $(BUILD)/src/app/main.o $(MEMORY) $(call archive,$(ROOMS))
	$(LINK)

out/skerry: $(BUILD)/skerry
	@mkdir -p out
	$(call say,STRIP)strip -o $@.tmp $< && mv $@.tmp $@

define ROOM
$(BUILD)/lib/$(1).a: $(call objects,$(call ROOM_SOURCES,$(1)))
	@mkdir -p $$(@D)
	$$(ARCHIVE)
endef
$(foreach room,$(ROOMS),$(eval $(call ROOM,$(room))))

$(BUILD)/lib/api.a: $(call objects,$(WEB_ASSETS))
$(WEB_ASSETS): firmware/web.sh $(wildcard src/web/*.*)
	$(call say,WEB)firmware/web.sh $@

# Another prefix, other packages: everything is built anew.
$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@
FORCE:

$(BUILD)/%.o: %.c Makefile $(BUILD)/prefix
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(CFLAGS) $(EXTRA_CFLAGS) -c -o $@ $<

# The allocator must not be turned into calls of itself; the harness of the
# tests may use the C library's own.
$(BUILD)/src/platform/memory.o $(BUILD)/src/platform/copy.o $(BUILD)/src/base/heap.o \
	$(BUILD)/tests/unit/platform/test_copy.o: EXTRA_CFLAGS := -fno-builtin
$(BUILD)/tests/%.o: CPPFLAGS += -iquote . -iquote tests -iquote tests/unit

# Tests

# Which rooms the tests of a room may use.
USES_base := base
USES_platform := base platform
USES_budget := base platform budget
USES_model := base model
USES_parse := base model parse
USES_host := base platform budget model parse host
USES_table := base budget model table
USES_discover := base platform budget model parse table discover
USES_scrape := base platform budget model parse table discover scrape
USES_history := base platform budget model table history
USES_sink := base platform budget model table history sink
USES_update := base platform update
USES_api := base platform budget model table history sink api
USES_terminal := base platform budget model table history sink api terminal
USES_app := $(ROOMS)

KIT_SOURCES := tests/unit/test.c $(wildcard tests/unit/platform/fake*.c tests/unit/table/verify.c tests/unit/api/world.c)
$(BUILD)/lib/kit.a: $(call objects,$(KIT_SOURCES))
	@mkdir -p $(@D)
	$(ARCHIVE)

UNIT_SOURCES := $(wildcard tests/unit/*/test_*.c)
UNIT_PROGRAMS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SOURCES))
room_of = $(firstword $(subst /, ,$(patsubst tests/unit/%,%,$(1))))

define UNIT
$(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(1)): $(call objects,$(1)) $(BUILD)/lib/kit.a \
		$(if $(filter platform,$(call room_of,$(1))),$(MEMORY)) \
		$(call archive,$(USES_$(call room_of,$(1))))
	@mkdir -p $$(@D)
	$$(LINK)
endef
$(foreach source,$(UNIT_SOURCES),$(eval $(call UNIT,$(source))))

FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_PROGRAMS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SOURCES))
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/%.o $(BUILD)/tests/fuzz/replay.o $(BUILD)/lib/kit.a \
		$(call archive,$(ROOMS))
	@mkdir -p $(@D)
	$(LINK)

# The simulated cluster.
$(BUILD)/skerry-sim: $(call objects,$(wildcard tests/sim/*.c))
	$(call say,LINK)$(CC) $(LDFLAGS) -o $@ $^ -L$(PREFIX)/lib -lmbedtls -lmbedx509 -lmbedcrypto -lm

# A history of many days, for the page's test.
$(BUILD)/skerry-past: $(BUILD)/tests/web/past.o $(call archive,$(USES_history))
	$(LINK)

unit: $(UNIT_PROGRAMS) $(FUZZ_PROGRAMS)

test: unit
	$(MAKE) --no-print-directory PROFILE=release PREFIX=$(MUSL_PREFIX) programs sealed-tests
	$(MAKE) --no-print-directory PROFILE=quick PREFIX=$(MUSL_PREFIX) build/quick/skerry
	tests/run.sh $(BUILD) build/release

programs: out/skerry $(BUILD)/skerry-sim $(BUILD)/skerry-past

# Sanitizers need the calls that the seal forbids and a malloc of their own.
sealed-tests: $(BUILD)/unit/platform/test_seal $(BUILD)/unit/platform/test_memory

# Benches

BENCH_SOURCES := $(wildcard tests/bench/bench_*.c)
BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SOURCES))
$(BUILD)/bench/%: $(BUILD)/tests/bench/%.o $(BUILD)/lib/kit.a $(call archive,$(ROOMS))
	@mkdir -p $(@D)
	$(LINK)

bench: programs $(BENCH_PROGRAMS)
	tests/bench/run.sh $(BUILD) $(BENCHES)

clean:
	rm -rf build out

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
