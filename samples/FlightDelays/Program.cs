using Flights;
using Millrace;

return await MillraceHost.RunAsync<FlightDelays>(args);
