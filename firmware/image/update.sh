# shellcheck shell=bash
# Signed update files of the virtual machine. To be sourced after ../packages.sh.
#
#   update_key                     prints the path of the private key: $SKERRY_UPDATE_KEY,
#                                  or a developer's own in the cache, made on first use
#   update_public KEY TO           writes the public half, as PEM
#   update_image SLOT TO           the image of a slot without the zeros at its end
#   update_file KEY VERSION IMAGE TO
#                                  head and image; src/update/update_file.h has the form
#
# A key is RSA or ECDSA, as PEM. RSA's signatures are the same each time, so that
# two builds with one key give the same bytes; openssl's ECDSA ones are not.

UPDATE_HALF=512

update_key() {
    local key=${SKERRY_UPDATE_KEY:-$PACKAGES_CACHE/update-key.pem}
    if [ ! -s "$key" ]; then
        [ -z "${SKERRY_UPDATE_KEY:-}" ] || packages_fail "there is no key $key, which SKERRY_UPDATE_KEY names."
        packages_say "making a key of your own to sign updates with: $key"
        mkdir -p "${key%/*}"
        (umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:3072 \
            -out "$key.$$" 2>/dev/null ||
            openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out "$key.$$" 2>/dev/null) &&
            mv "$key.$$" "$key" || packages_fail "openssl cannot make a key."
    fi
    echo "$key"
}

update_public() { # KEY TO
    openssl pkey -in "$1" -pubout -out "$2" 2>/dev/null ||
        packages_fail "$1 is no private key that openssl can read."
}

# To whole sectors.
update_image() { # SLOT TO
    perl -0777 -ne 's/\0+\z//; print' "$1" >"$2"
    truncate -s %$UPDATE_HALF "$2"
}

update_number() { # VALUE BYTES: little-endian
    local i value=$1
    for ((i = 0; i < $2; i++)); do
        # shellcheck disable=SC2059
        printf "\\x$(printf %02x $((value & 255)))"
        value=$((value >> 8))
    done
}

update_file() { # KEY VERSION IMAGE TO
    local head signature
    head=$(mktemp) signature=$(mktemp)
    # How long a signature is must stand in what is signed: ECDSA's differ by some
    # bytes, so it is tried again until it is right.
    local size=0
    while :; do
        {
            printf SKERRYUP
            update_number 1 4
            update_number "$size" 4
            update_number "$(stat -c %s "$3")" 8
            openssl dgst -sha256 -binary "$3"
            printf %s "$2"
        } >"$head"
        truncate -s $UPDATE_HALF "$head"
        openssl dgst -sha256 -sign "$1" -out "$signature" "$head" || packages_fail "openssl cannot sign with $1."
        [ "$(stat -c %s "$signature")" != "$size" ] || break
        size=$(stat -c %s "$signature")
    done
    truncate -s $UPDATE_HALF "$signature"
    cat "$head" "$signature" "$3" >"$4"
    rm -f "$head" "$signature"
}

# As boot_block.h says: 32 digits of the image's SHA-256.
update_mark() { # IMAGE
    sha256sum <"$1" | cut -c1-32
}
