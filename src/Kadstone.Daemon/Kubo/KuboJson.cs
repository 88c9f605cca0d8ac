using System.Text.Json.Serialization;

namespace Kadstone.Daemon.Kubo;

/// <summary>Writers of <see cref="KuboError"/> and its kin, made at compile time.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
[JsonSerializable(typeof(KuboError))]
[JsonSerializable(typeof(KuboEvent))]
[JsonSerializable(typeof(KuboIdentity))]
[JsonSerializable(typeof(KuboVersion))]
[JsonSerializable(typeof(KuboPong))]
[JsonSerializable(typeof(KuboStrings))]
[JsonSerializable(typeof(KuboConnections))]
[JsonSerializable(typeof(KuboAddresses))]
[JsonSerializable(typeof(KuboAdded))]
[JsonSerializable(typeof(KuboBlock))]
[JsonSerializable(typeof(KuboObject))]
[JsonSerializable(typeof(KuboKey))]
[JsonSerializable(typeof(KuboKeys))]
[JsonSerializable(typeof(KuboPublished))]
[JsonSerializable(typeof(KuboPath))]
[JsonSerializable(typeof(KuboBootstrap))]
[JsonSerializable(typeof(KuboTable))]
internal sealed partial class KuboJson : JsonSerializerContext;
