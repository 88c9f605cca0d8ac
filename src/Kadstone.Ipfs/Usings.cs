global using Kadstone.Libp2p;
global using Kadstone.Libp2p.Core;
