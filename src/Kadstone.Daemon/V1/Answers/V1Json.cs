using System.Text.Json.Serialization;
using Kadstone.Daemon.V1.Publishing;

namespace Kadstone.Daemon.V1.Answers;

/// <summary>Readers and writers of the API's JSON, made at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(TableAnswer))]
[JsonSerializable(typeof(LookupsAnswer))]
[JsonSerializable(typeof(LookupSummary))]
[JsonSerializable(typeof(LookupAnswer))]
[JsonSerializable(typeof(RecordsAnswer))]
[JsonSerializable(typeof(StoredValueAnswer))]
[JsonSerializable(typeof(DensityAnswer))]
[JsonSerializable(typeof(PeerAnswer))]
[JsonSerializable(typeof(PeersEnd))]
[JsonSerializable(typeof(AnnouncementRequest))]
[JsonSerializable(typeof(AnnouncementAnswer))]
[JsonSerializable(typeof(PublicationsAnswer))]
[JsonSerializable(typeof(CheckAnswer))]
[JsonSerializable(typeof(ValueAnswer))]
[JsonSerializable(typeof(ValueRequest))]
[JsonSerializable(typeof(ValuePutAnswer))]
[JsonSerializable(typeof(DevnetAnswer))]
[JsonSerializable(typeof(DevnetRequest))]
[JsonSerializable(typeof(KeptPublication))]
internal sealed partial class V1Json : JsonSerializerContext;
