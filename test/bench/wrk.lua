-- Arguments: milliseconds between the requests of a connection, and "close" for a new connection each.
function init(args)
  pause = tonumber(args[1])
  if pause > 0 then
    function delay() return pause end
  end
  if args[2] == "close" then wrk.headers["Connection"] = "close" end
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    'figures {"requests": %d, "seconds": %.6f, "p99Ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
