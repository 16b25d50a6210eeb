using System.Diagnostics.CodeAnalysis;

// The types of this assembly serve Millrace's other assemblies. They are public so that no assembly needs to see
// another's internals, and experimental so that nobody builds on them unawares.
[assembly: Experimental("MR9001")]
