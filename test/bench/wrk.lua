-- Argument: milliseconds between the requests of a connection.
function init(args)
  pause = tonumber(args[1])
  if pause > 0 then
    function delay() return pause end
  end
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    'figures {"requests": %d, "seconds": %.6f, "p99Ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(99) / 1e3,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
