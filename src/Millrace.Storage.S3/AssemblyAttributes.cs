using System.Diagnostics.CodeAnalysis;

// As with Millrace.Storage: for Millrace's own assemblies, and for users only through the host.
[assembly: Experimental("MR9001")]
