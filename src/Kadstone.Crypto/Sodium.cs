using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kadstone.Crypto;

/// <summary>The libsodium functions that this project calls, one to one.</summary>
internal static unsafe partial class Sodium
{
    private const string Library = "libsodium";

#pragma warning disable CA2255 // The resolver must stand before the first call of any class here.
    [ModuleInitializer]
    internal static void Initialize()
#pragma warning restore CA2255
    {
        NativeLibrary.SetDllImportResolver(typeof(Sodium).Assembly, Resolve);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library)
        {
            return 0;
        }

        // Debian and Fedora, then the development link, macOS, Windows.
        foreach (string candidate in (ReadOnlySpan<string>)["libsodium.so.23", "libsodium.so", "libsodium.dylib", "libsodium.23.dylib", "libsodium"])
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out nint handle))
            {
                return handle;
            }
        }

        throw new DllNotFoundException("libsodium is not installed. On Debian and Ubuntu: apt-get install libsodium23.");
    }

    // No callback, no lock, some nanoseconds: the transition to preemptive mode would cost more than the call.
    [LibraryImport(Library), SuppressGCTransition]
    internal static partial int crypto_shorthash(byte* hash, byte* message, ulong length, byte* key);
}
