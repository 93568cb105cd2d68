"""Networks for signals, tables and graphs: EEG, speech, sequences, features, adjacency matrices."""

from benchmarks.zoo.network import network

_EEG = {"n_chans": 8, "n_outputs": 3, "n_times": 512, "sfreq": 128}
_BRAINDECODE = (
    "ATCNet", "AttentionBaseNet", "BDTCN", "BIOT", "CTNet", "ContraWR", "Deep4Net", "EEGConformer",
    "EEGITNet", "EEGInceptionERP", "EEGInceptionMI", "EEGNeX", "EEGNet", "EEGSimpleConv", "EEGTCNet", "FBCNet",
    "FBLightConvNet", "FBMSNet", "IFNet", "MSVTNet", "SCCNet", "SPARCNet", "SSTDPN", "ShallowFBCSPNet",
    "SincShallowNet", "SyncNet", "TCFormer", "TIDNet", "TSception", "MEDFormer", "PBT",
)  # fmt: skip

NETWORKS = [
    *[network(f"braindecode.models:{name}", (8, 512), **_EEG) for name in _BRAINDECODE],
    network("braindecode.models:SleepStagerChambon2018", (2, 3000), n_chans=2, n_outputs=5, n_times=3000, sfreq=100),
    network("braindecode.models:USleep", (2, 3000), n_chans=2, n_outputs=5, n_times=3000, sfreq=100, depth=5),
    network("pytorch_tcn:TCN", (4, 32), num_inputs=4, num_channels=[8, 8], kernel_size=3),
    network("pytorch_tcn:TCN", (4, 32), num_inputs=4, num_channels=[8, 8], kernel_size=3, causal=False,
            use_norm="layer_norm", activation="gelu", use_skip_connections=True, label="not causal"),
    network("torchaudio.models:ConvTasNet", (1, 400), num_sources=2, enc_num_feats=16, msk_num_feats=8,
            msk_num_hidden_feats=16, msk_num_layers=2, msk_num_stacks=1),
    network("torchaudio.models:Wav2Letter", (1, 400), num_classes=10),
    network("kan:KAN", (3,), width=[3, 4, 2], grid=3, k=3, auto_save=False, symbolic_enabled=False, save_act=False),
    network("zuko.nn:MLP", (5,), in_features=5, out_features=3, hidden_features=(16, 16)),
    network("zuko.nn:MonotonicMLP", (5,), in_features=5, out_features=3, hidden_features=(16, 16)),
    network("torch_geometric.nn:DenseGCNConv", (6, 8), (6, 6), in_channels=8, out_channels=4),
    network("torch_geometric.nn:DenseSAGEConv", (6, 8), (6, 6), in_channels=8, out_channels=4),
    network("torch_geometric.nn:DenseGATConv", (6, 8), (6, 6), in_channels=8, out_channels=4, heads=2),
    network("torch_geometric.nn.models:MLP", (8,), channel_list=[8, 16, 4], norm=None),
    network("pytorch_tabnet.tab_network:TabNetNoEmbeddings", (8,), input_dim=8, output_dim=3,
            group_attention_matrix=None),
]  # fmt: skip
