namespace Millrace.Storage;

/// <summary>What is asked of a store.</summary>
public enum StoreRequest
{
    /// <summary>An object is created unless there is one: S3's PUT with <c>If-None-Match: *</c>.</summary>
    Create,

    /// <summary>An object is replaced.</summary>
    Put,

    /// <summary>An object is read whole.</summary>
    Get,

    /// <summary>A range of an object is read.</summary>
    Read,

    /// <summary>The length of an object is asked: S3's HEAD.</summary>
    Length,

    /// <summary>An upload: sent at once, or begun, completed and aborted around its parts.</summary>
    Upload,

    /// <summary>A part of an upload that is sent in parts.</summary>
    Part,

    /// <summary>An object is deleted.</summary>
    Delete,

    /// <summary>Objects are listed.</summary>
    List,
}
