-- The requests of bench/load.c, sent by wrk: wrk ... -s wrk.lua URL -- TEMPLATE FIRST RANGE
--
-- TEMPLATE is a file with the raw request, in which each run of 13 bytes 0x01 is a slot for an
-- identifier. With RANGE 0 each slot gets the next number from FIRST and no identifier is sent twice;
-- otherwise one of FIRST .. FIRST+RANGE-1 at random. The last line of the output is JSON.

local ffi = require "ffi"
local bit = require "bit"

local SLOT_BYTES = 13
local NUMBERS_PER_THREAD = 2 ^ 28
local digits = ffi.new("const char[33]", "abcdefghijklmnopqrstuvwxyz234567")
local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

-- As in load.c: the finaliser of SplitMix64 (Steele, Lea, Flood 2014), which is a bijection.
local function mix(x)
    x = x + 0x9e3779b97f4a7c15ULL
    x = bit.bxor(x, bit.rshift(x, 30)) * 0xbf58476d1ce4e5b9ULL
    x = bit.bxor(x, bit.rshift(x, 27)) * 0x94d049bb133111ebULL
    return bit.bxor(x, bit.rshift(x, 31))
end

local function put_identifier(at, value)
    local x = mix(ffi.cast("uint64_t", value))
    for i = 0, SLOT_BYTES - 1 do
        at[i] = digits[tonumber(bit.band(x, 31ULL))]
        x = bit.rshift(x, 5)
    end
end

function init(args)
    local file = assert(io.open(args[1], "rb"))
    local text = file:read("*a")
    file:close()
    length = #text
    buffer = ffi.new("char[?]", length)
    ffi.copy(buffer, text, length)
    slots = {}
    local slot = string.rep("\1", SLOT_BYTES)
    local found = text:find(slot, 1, true)
    while found do
        slots[#slots + 1] = found - 1
        found = text:find(slot, found + SLOT_BYTES, true)
    end
    first, range = tonumber(args[2]), tonumber(args[3])
    next_number = first + number * NUMBERS_PER_THREAD
    math.randomseed(number + 1)
end

function request()
    for i = 1, #slots do
        local value = next_number
        if range > 0 then
            value = first + math.random(0, range - 1)
        else
            next_number = next_number + 1
        end
        put_identifier(buffer + slots[i], value)
    end
    return ffi.string(buffer, length)
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%.4f,"bad_status":%d,"bad_connection":%d,"lost":%d,"us":'
            .. '{"p50":%.1f,"p90":%.1f,"p99":%.1f,"p99.9":%.1f,"max":%.1f}}\n',
        summary.requests, summary.duration / 1e6, errors.status,
        errors.connect + errors.read + errors.write, errors.timeout, latency:percentile(50),
        latency:percentile(90), latency:percentile(99), latency:percentile(99.9), latency.max))
end
