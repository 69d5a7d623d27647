-- Redis 7.0 runs Lua 5.1 and gives each script these globals.
std = "lua51"
read_globals = {"KEYS", "ARGV", "redis"}
